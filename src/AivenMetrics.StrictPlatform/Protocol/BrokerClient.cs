using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Protocol;

/// <summary>Connection settings of a broker.</summary>
/// <param name="Url">Base URL, without <c>/v2</c>.</param>
/// <param name="ApiVersion">API version in requests, such as 2.17; Cloud Controller sends 2.15.</param>
/// <param name="OriginatingIdentity">Value of the originating identity header; null for none.</param>
/// <param name="Timeout">Timeout of each request; Cloud Controller uses 60 s.</param>
internal sealed record BrokerConnection(
    Uri Url,
    string Username,
    string Password,
    string ApiVersion,
    string? OriginatingIdentity,
    TimeSpan Timeout
)
{
    /// <summary>Returns user and URL without the password.</summary>
    public override string ToString() => $"{Username} at {Url}";
}

/// <summary>Sends requests to a broker, records all responses and validates each of them.</summary>
internal sealed class BrokerClient : IDisposable
{
    public const string VersionHeader = "X-Broker-API-Version";
    public const string RequestIdentityHeader = "X-Broker-API-Request-Identity";
    public const string OriginatingIdentityHeader = "X-Broker-API-Originating-Identity";

    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly BrokerConnection _connection;
    private readonly TimeProvider _time;
    private readonly string _basic;

    // A redirect would send the platform's password to another server.
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
        (_connection, _time) = (connection, time);
        _basic = BasicCredentials(connection.Username, connection.Password);
    }

    /// <summary>All responses so far, oldest first.</summary>
    public ConcurrentQueue<OsbResponse> Responses { get; } = new();

    public BrokerConnection Connection => _connection;

    public static string BasicCredentials(string username, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"));

    /// <summary>Sends a request. A transport failure is returned as a response; only cancellation by the caller throws.</summary>
    public async Task<OsbResponse> SendAsync(OsbCall call, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_connection.Timeout);
        OsbResponse response;
        var identity = Guid.NewGuid().ToString();
        try
        {
            using var request = CreateRequest(call, identity);
            using var httpResponse = await _http.SendAsync(request, timeout.Token);
            var text = await httpResponse.Content.ReadAsStringAsync(timeout.Token);
            response = new OsbResponse(
                call,
                (int)httpResponse.StatusCode,
                text,
                Parse(text),
                ContentHeader(httpResponse, "Content-Type"),
                httpResponse.Headers,
                _time.GetElapsedTime(start)
            )
            {
                LastModified = ContentHeader(httpResponse, "Last-Modified"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            response = NoResponse(call, TransportFailure.TimedOut, start);
        }
        catch (HttpRequestException exception)
        {
            response = NoResponse(
                call,
                exception.InnerException is SocketException ? TransportFailure.Unreachable : TransportFailure.TimedOut,
                start
            );
        }

        var sent = call.Headers.TryGetValue(RequestIdentityHeader, out var given) ? given : identity;
        response = response with { Findings = [.. ResponseRules.Validate(response, sent), .. BodyRules.Validate(response)] };
        Responses.Enqueue(response);
        return response;
    }

    public void Dispose() => _http.Dispose();

    private OsbResponse NoResponse(OsbCall call, TransportFailure silence, long start) =>
        new(call, 0, "", null, null, null, _time.GetElapsedTime(start)) { TransportFailure = silence };

    private HttpRequestMessage CreateRequest(OsbCall call, string identity)
    {
        var url = new Uri(_connection.Url.GetLeftPart(UriPartial.Path).TrimEnd('/') + call.Path, AsWritten);
        var request = new HttpRequestMessage(call.Method, url);
        if ((call.RawBody ?? call.Body?.ToJsonString()) is { } body)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (call.ContentType is { } type)
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
            [OriginatingIdentityHeader] = call.SendsOriginatingIdentity ? _connection.OriginatingIdentity : null,
        };
        foreach ((var name, var value) in call.Headers)
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

    private static string? ContentHeader(HttpResponseMessage httpResponse, string name) =>
        httpResponse.Content.Headers.TryGetValues(name, out var values) ? values.First() : null;

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
