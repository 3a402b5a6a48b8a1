using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Protocol;

/// <summary>Where a broker is and how the platform presents itself.</summary>
/// <param name="Url">Base URL, without <c>/v2</c>.</param>
/// <param name="ApiVersion">Such as 2.17; Cloud Controller says 2.15.</param>
/// <param name="OriginatingIdentity">Value of the header; null: none is sent.</param>
/// <param name="Timeout">For each request; Cloud Controller's is 60 s.</param>
internal sealed record BrokerConnection(
    Uri Url, string Username, string Password, string ApiVersion, string? OriginatingIdentity, TimeSpan Timeout)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => $"{Username} at {Url}";
}

/// <summary>Speaks to a broker, remembers what was said, and looks at every answer by itself.</summary>
internal sealed class BrokerClient : IDisposable
{
    public const string VersionHeader = "X-Broker-API-Version";
    public const string RequestIdentityHeader = "X-Broker-API-Request-Identity";
    public const string OriginatingIdentityHeader = "X-Broker-API-Originating-Identity";

    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly BrokerConnection connection;
    private readonly TimeProvider time;
    private readonly string basic;

    // A redirect would carry the platform's password to another place.
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(60), UseProxy = false })
    {
        Timeout = System.Threading.Timeout.InfiniteTimeSpan,
    };

    public BrokerClient(BrokerConnection connection, TimeProvider time)
    {
        (this.connection, this.time) = (connection, time);
        basic = Basic(connection.Username, connection.Password);
    }

    /// <summary>Every answer so far, oldest first.</summary>
    public ConcurrentQueue<Answer> Answers { get; } = new();

    public BrokerConnection Connection => connection;

    public static string Basic(string username, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"));

    /// <summary>Sends a request. Silence is an answer too; only the caller's own end throws.</summary>
    public async Task<Answer> Send(Ask ask, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(connection.Timeout);
        Answer answer;
        string identity = Guid.NewGuid().ToString();
        try
        {
            using HttpRequestMessage request = Request(ask, identity);
            using HttpResponseMessage response = await http.SendAsync(request, patience.Token);
            string text = await response.Content.ReadAsStringAsync(patience.Token);
            answer = new Answer(ask, (int)response.StatusCode, text, Parse(text), ContentHeader(response, "Content-Type"), response.Headers, time.GetElapsedTime(start))
            {
                LastModified = ContentHeader(response, "Last-Modified"),
            };
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            answer = Nothing(ask, Silence.TimedOut, start);
        }
        catch (HttpRequestException exception)
        {
            answer = Nothing(ask, exception.InnerException is SocketException ? Silence.Unreachable : Silence.TimedOut, start);
        }

        string? sent = ask.Headers.TryGetValue(RequestIdentityHeader, out string? given) ? given : identity;
        answer = answer with { Findings = [.. AnswerRules.Faults(answer, sent), .. BodyRules.Faults(answer)] };
        Answers.Enqueue(answer);
        return answer;
    }

    public void Dispose() => http.Dispose();

    private Answer Nothing(Ask ask, Silence silence, long start) =>
        new(ask, 0, "", null, null, null, time.GetElapsedTime(start)) { Silence = silence };

    private HttpRequestMessage Request(Ask ask, string identity)
    {
        var url = new Uri(connection.Url.GetLeftPart(UriPartial.Path).TrimEnd('/') + ask.Path, AsWritten);
        var request = new HttpRequestMessage(ask.Method, url);
        if ((ask.RawBody ?? ask.Body?.ToJsonString()) is { } body)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (ask.ContentType is { } type)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        Dictionary<string, string?> headers = new(StringComparer.OrdinalIgnoreCase)
        {
            ["Authorization"] = basic,
            ["Accept"] = "application/json",
            [VersionHeader] = connection.ApiVersion,
            [RequestIdentityHeader] = identity,
            [OriginatingIdentityHeader] = ask.ByUser ? connection.OriginatingIdentity : null,
        };
        foreach ((string name, string? value) in ask.Headers)
            headers[name] = value;
        foreach ((string name, string? value) in headers)
        {
            if (value is not null)
                request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private static string? ContentHeader(HttpResponseMessage response, string name) =>
        response.Content.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private static JsonElement? Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
