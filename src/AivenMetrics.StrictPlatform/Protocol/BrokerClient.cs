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
    Uri Url,
    string Username,
    string Password,
    string ApiVersion,
    string? OriginatingIdentity,
    TimeSpan Timeout
)
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

    private readonly BrokerConnection _connection;
    private readonly TimeProvider _time;
    private readonly string _basic;

    // A redirect would carry the platform's password to another place.
    private readonly HttpClient _http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(60),
            UseProxy = false,
        }
    )
    {
        Timeout = System.Threading.Timeout.InfiniteTimeSpan,
    };

    public BrokerClient(BrokerConnection connection, TimeProvider time)
    {
        (this._connection, this._time) = (connection, time);
        _basic = BasicCredentials(connection.Username, connection.Password);
    }

    /// <summary>Every answer so far, oldest first.</summary>
    public ConcurrentQueue<OsbResponse> Responses { get; } = new();

    public BrokerConnection Connection => _connection;

    public static string BasicCredentials(string username, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"));

    /// <summary>Sends a request. Silence is an answer too; only the caller's own end throws.</summary>
    public async Task<OsbResponse> SendAsync(OsbCall ask, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_connection.Timeout);
        OsbResponse answer;
        var identity = Guid.NewGuid().ToString();
        try
        {
            using var request = CreateRequest(ask, identity);
            using var response = await _http.SendAsync(request, patience.Token);
            var text = await response.Content.ReadAsStringAsync(patience.Token);
            answer = new OsbResponse(
                ask,
                (int)response.StatusCode,
                text,
                Parse(text),
                ContentHeader(response, "Content-Type"),
                response.Headers,
                _time.GetElapsedTime(start)
            )
            {
                LastModified = ContentHeader(response, "Last-Modified"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            answer = NoResponse(ask, TransportFailure.TimedOut, start);
        }
        catch (HttpRequestException exception)
        {
            answer = NoResponse(
                ask,
                exception.InnerException is SocketException ? TransportFailure.Unreachable : TransportFailure.TimedOut,
                start
            );
        }

        var sent = ask.Headers.TryGetValue(RequestIdentityHeader, out var given) ? given : identity;
        answer = answer with { Findings = [.. ResponseRules.Validate(answer, sent), .. BodyRules.Validate(answer)] };
        Responses.Enqueue(answer);
        return answer;
    }

    public void Dispose() => _http.Dispose();

    private OsbResponse NoResponse(OsbCall ask, TransportFailure silence, long start) =>
        new(ask, 0, "", null, null, null, _time.GetElapsedTime(start)) { TransportFailure = silence };

    private HttpRequestMessage CreateRequest(OsbCall ask, string identity)
    {
        var url = new Uri(_connection.Url.GetLeftPart(UriPartial.Path).TrimEnd('/') + ask.Path, AsWritten);
        var request = new HttpRequestMessage(ask.Method, url);
        if ((ask.RawBody ?? ask.Body?.ToJsonString()) is { } body)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (ask.ContentType is { } type)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            }
        }

        Dictionary<string, string?> headers = new(StringComparer.OrdinalIgnoreCase)
        {
            ["Authorization"] = _basic,
            ["Accept"] = "application/json",
            [VersionHeader] = _connection.ApiVersion,
            [RequestIdentityHeader] = identity,
            [OriginatingIdentityHeader] = ask.SendsOriginatingIdentity ? _connection.OriginatingIdentity : null,
        };
        foreach ((var name, var value) in ask.Headers)
        {
            headers[name] = value;
        }
        foreach ((var name, var value) in headers)
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }

    private static string? ContentHeader(HttpResponseMessage response, string name) =>
        response.Content.Headers.TryGetValues(name, out var values) ? values.First() : null;

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
