using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace AivenMetrics.Feed;

/// <summary>A good answer with news.</summary>
internal sealed record FeedResponse<T>(T Value, byte[] Body, string? EntityTag);

/// <summary>One poll: the request, and every way in which its answer can be unfit.</summary>
internal sealed class FeedRequest<T>(HttpClient http, FeedClientOptions<T> options, TimeProvider time)
    where T : class
{
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>The answer, or null when the broker confirms by 304 the one that <paramref name="entityTag"/> names.</summary>
    /// <exception cref="FeedFailureException">Anything else.</exception>
    public async Task<FeedResponse<T>?> SendAsync(string? entityTag, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Wait + options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
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
            // Thousands of credentials are too much for a thread that may serve requests' sockets.
            await Task.Yield();
            return new(Deserialize(body), body, response.Headers.ETag?.ToString());
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FeedFailureException(FeedFailureReason.Timeout, "No whole answer in time.", null, e);
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

    /// <summary>Where the JSON is wrong, without any of its content: a feed holds secrets.</summary>
    public static string DescribeError(JsonException e) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"It is not the JSON of this feed (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})."
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
                $"The answer is '{type}' and not application/json: is this the broker's URL?"
            );
        }

        throw status switch
        {
            401 or 403 => new(
                FeedFailureReason.Unauthorized,
                $"The broker answered {status}: check that the feed token is the one it has for this role."
            ),
            429 or 503 => new(FeedFailureReason.Unavailable, $"The broker answered {status}.", RetryAfter(response)),
            _ => new FeedFailureException(FeedFailureReason.Status, $"The broker answered {status}."),
        };
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter is not { } header ? null : header.Delta ?? (header.Date - time.GetUtcNow());
        return asked > MaxRetryAfter ? MaxRetryAfter : asked;
    }

    private async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        // Megabytes that are copied while the stream grows stay with the process for long.
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
                throw new FeedFailureException(FeedFailureReason.TooLarge, $"The answer is larger than {options.MaximumBytes} bytes.");
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
            throw new FeedFailureException(FeedFailureReason.Malformed, "It is null.");
        }
        return options.Validate(value) is { } fault ? throw new FeedFailureException(FeedFailureReason.Invalid, fault) : value;
    }
}
