using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace AivenMetrics.Feed;

/// <summary>A successful response with content.</summary>
internal sealed record FeedResponse<T>(T Value, byte[] Body, string? EntityTag);

/// <summary>One poll of a feed: sends the request and validates the response.</summary>
internal sealed class FeedRequest<T>(HttpClient http, FeedClientOptions<T> options, TimeProvider time)
    where T : class
{
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>Sends the request. Returns null if the broker responds with 304 for <paramref name="entityTag"/>.</summary>
    /// <exception cref="FeedFailureException">The poll failed.</exception>
    public async Task<FeedResponse<T>?> SendAsync(string? entityTag, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.Wait + options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var message = CreateMessage(entityTag);
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.StatusCode == HttpStatusCode.NotModified && entityTag is not null)
            {
                return null;
            }
            CheckStatus(response);
            var body = await ReadBodyAsync(response, either.Token);
            // Parsing thousands of credentials would block a thread that may serve sockets.
            await Task.Yield();
            return new(Deserialize(body), body, response.Headers.ETag?.ToString());
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FeedFailureException(FeedFailureReason.Timeout, "The response was not complete within the timeout.", null, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new FeedFailureException(
                FeedFailureReason.Network,
                $"{options.Url.GetLeftPart(UriPartial.Authority)}: {e.Message}",
                null,
                e
            );
        }
    }

    /// <summary>Describes the position of a JSON error without its content, because a feed contains secrets.</summary>
    public static string DescribeError(JsonException e) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"The body is not valid JSON for this feed (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})."
        );

    private HttpRequestMessage CreateMessage(string? entityTag)
    {
        var message = new HttpRequestMessage(HttpMethod.Get, options.Url);
        message.Headers.Authorization = new("Bearer", options.Token);
        message.Headers.Accept.Add(new("application/json"));
        if (entityTag is not null)
        {
            message.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(entityTag));
            message.Headers.Add("Prefer", string.Create(CultureInfo.InvariantCulture, $"wait={(int)options.Wait.TotalSeconds}"));
        }

        options.ConfigureHeaders?.Invoke(message.Headers);
        return message;
    }

    private void CheckStatus(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        if (status == 200)
        {
            var type = response.Content.Headers.ContentType?.MediaType;
            if (type == "application/json")
            {
                return;
            }
            throw new FeedFailureException(
                FeedFailureReason.ContentType,
                $"The content type is '{type}' instead of application/json. Check that the URL is the broker's."
            );
        }

        throw status switch
        {
            401 or 403 => new(
                FeedFailureReason.Unauthorized,
                $"The broker responded with {status}. Check that the feed token is the one configured in the broker for this role."
            ),
            429 or 503 => new(FeedFailureReason.Unavailable, $"The broker responded with {status}.", RetryAfter(response)),
            _ => new FeedFailureException(FeedFailureReason.Status, $"The broker responded with {status}."),
        };
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var retryAfter = response.Headers.RetryAfter is not { } header ? null : header.Delta ?? (header.Date - time.GetUtcNow());
        return retryAfter > MaxRetryAfter ? MaxRetryAfter : retryAfter;
    }

    private async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        // A buffer of the final size avoids copies of several megabytes, which the process would keep for a long time.
        using var body = new MemoryStream((int)Math.Min(response.Content.Headers.ContentLength ?? 0, options.MaximumBytes));
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                return body.Length == body.Capacity ? body.GetBuffer() : body.ToArray();
            }
            body.Write(buffer, 0, read);
            if (body.Length > options.MaximumBytes)
            {
                throw new FeedFailureException(FeedFailureReason.TooLarge, $"The body exceeds the limit of {options.MaximumBytes} bytes.");
            }
        }
    }

    private T Deserialize(byte[] body)
    {
        T? value;
        try
        {
            value = JsonSerializer.Deserialize(body, options.Type);
        }
        catch (JsonException e)
        {
            throw new FeedFailureException(FeedFailureReason.Malformed, DescribeError(e), null, e);
        }

        if (value is null)
        {
            throw new FeedFailureException(FeedFailureReason.Malformed, "The body is null.");
        }
        return options.Validate(value) is { } error ? throw new FeedFailureException(FeedFailureReason.Invalid, error) : value;
    }
}
