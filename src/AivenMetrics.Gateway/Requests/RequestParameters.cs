using System.Buffers;
using System.Text;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Routing;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Requests;

/// <summary>
/// The parameters of a request that its route declares, from the URL and the form body. A single-valued parameter that occurs twice is an
/// error: Prometheus prefers the value of the body to that of the URL, so that a check of the other value would be void.
/// </summary>
/// <param name="route">The route.</param>
internal sealed class RequestParameters(Route route)
{
    private static readonly SearchValues<char> VisibleCharacters = SearchValues.Create([
        .. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c),
    ]);

    private readonly string?[] _values = new string?[route.Parameters.Length];

    /// <summary>The PromQL expression; null if the route has none or the request does not give it.</summary>
    public string? Expression { get; private set; }

    /// <summary>All values of <c>match[]</c>, those of the URL first.</summary>
    public List<string> Selectors { get; } = [];

    /// <summary>The compressed body of a remote read. Default: empty, for every other route.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>The value of a parameter of the route; null if the request does not give it.</summary>
    public string? this[RouteParameter parameter] => _values[Array.IndexOf(route.Parameters, parameter)];

    /// <summary>Sets the value of a parameter of the route.</summary>
    public void Set(RouteParameter parameter, string value) => _values[Array.IndexOf(route.Parameters, parameter)] = value;

    /// <summary>Adds all parameters that have a value to a form.</summary>
    public void AddTo(FormWriter form)
    {
        for (var i = 0; i < _values.Length; i++)
        {
            if (_values[i] is { } value)
            {
                form.Add(route.Parameters[i].Name, value);
            }
        }
    }

    /// <summary>Reads the parameters of the URL's query and of the body.</summary>
    /// <param name="request">The HTTP request.</param>
    /// <param name="urlQuery">The query of its URL, still encoded.</param>
    /// <param name="account">The account whose quota the body counts against.</param>
    /// <param name="time">The clock for the timeout of the body.</param>
    /// <returns>The error; null if there is none.</returns>
    public async ValueTask<GatewayError?> ReadAsync(HttpRequest request, string urlQuery, TenantAccount account, TimeProvider time)
    {
        if (urlQuery.AsSpan().ContainsAnyExcept(VisibleCharacters))
        {
            return GatewayError.BadData("The URL contains a character that must be percent-encoded. Encode the parameters.");
        }

        if (urlQuery.Length > 0 && FormDecoder.Decode(Encoding.ASCII.GetBytes(urlQuery), Add) is { } urlError)
        {
            return GatewayError.BadData(urlError);
        }

        if (!RequestBody.IsPresent(request))
        {
            return null;
        }

        var error = RequestBody.CheckHeaders(request, route) ?? await RequestBody.ReadAsync(request, account, time, this);
        if (error is null && route.Kind == RouteKind.RemoteRead)
        {
            // Decoding up to 4 MiB of protobuf would block the socket thread for other requests
            // (docs/decisions/0016-requests-on-socket-threads.md).
            await Task.Yield();
        }

        return error;
    }

    /// <summary>Decodes a complete body.</summary>
    /// <returns>The error; null if there is none.</returns>
    public GatewayError? DecodeBody(ReadOnlySpan<byte> body)
    {
        if (route.Kind == RouteKind.RemoteRead)
        {
            Body = body.ToArray();
            return null;
        }

        return FormDecoder.Decode(body, Add) is { } error ? GatewayError.BadData(error) : null;
    }

    /// <summary>
    /// Stores one parameter. A parameter that the route does not declare is dropped, because only the server would read it.
    /// </summary>
    /// <returns>The error message of a repeated parameter; null if there is none.</returns>
    private string? Add(string name, string value)
    {
        if (name == "match[]" && route.HasSelectors)
        {
            Selectors.Add(value);
        }
        else if (name == "query" && route.HasExpression)
        {
            if (Expression is not null)
            {
                return DuplicateError(name);
            }

            Expression = value;
        }
        else if (IndexOf(name) is >= 0 and var index)
        {
            if (_values[index] is not null)
            {
                return DuplicateError(name);
            }

            _values[index] = value;
        }

        return null;
    }

    private int IndexOf(string name)
    {
        for (var i = 0; i < _values.Length; i++)
        {
            if (route.Parameters[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private static string DuplicateError(string name) =>
        $"parameter \"{name}\" is given more than once, in the URL, in the body or in both: give it once";
}
