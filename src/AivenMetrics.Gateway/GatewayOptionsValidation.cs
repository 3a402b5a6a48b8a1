using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Routing;

namespace AivenMetrics.Gateway;

/// <summary>Validates the options of the gateway.</summary>
public static class GatewayOptionsValidation
{
    private const int MaxConcurrency = 10_000;
    private const int MaxExportedTenants = 100_000;

    /// <summary>Returns all validation errors. Each names the option and the remedy.</summary>
    public static IEnumerable<string> Validate(this GatewayOptions options) =>
        [
            .. PrometheusErrors(options),
            .. CredentialSourceErrors(options),
            .. PathPrefixErrors(options),
            .. CorsErrors(options),
            .. LimitErrors(options),
            .. options.Failover.Validate(),
        ];

    private static IEnumerable<string> PrometheusErrors(GatewayOptions options)
    {
        if (options.Prometheus.Count == 0)
        {
            yield return "Gateway:Prometheus is missing: give at least one base URL, for example "
                + "AIVENMETRICS_Gateway__Prometheus__0=http://127.0.0.1:9090.";
        }

        // The same server twice looks redundant, but is not.
        var firstIndexes = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < options.Prometheus.Count; i++)
        {
            if (!IsBaseUrl(options.Prometheus[i]))
            {
                yield return $"Gateway:Prometheus:{i} is not a base URL: it must be absolute, http or https, without query or fragment.";
                continue;
            }

            var url = Destination.BaseUrl(new Uri(options.Prometheus[i]));
            if (!firstIndexes.TryAdd(url, i))
            {
                yield return $"Gateway:Prometheus:{i} is the same server as Gateway:Prometheus:{firstIndexes[url]}: "
                    + "remove one of them, or name another server that has the same targets.";
            }
        }
    }

    private static IEnumerable<string> CredentialSourceErrors(GatewayOptions options)
    {
        var (hasFeed, hasFile) = (!string.IsNullOrEmpty(options.FeedUrl), !string.IsNullOrEmpty(options.TenantsFile));
        if (hasFeed && hasFile)
        {
            yield return "Gateway:FeedUrl and Gateway:TenantsFile are both set: credentials come from one of them, remove the other.";
        }

        if (!hasFeed && !hasFile)
        {
            yield return "Gateway:FeedUrl is missing: set it to the broker's base URL, or name a file of credentials with Gateway:TenantsFile.";
        }

        if (hasFeed && (!IsBaseUrl(options.FeedUrl!) || new Uri(options.FeedUrl!).UserInfo.Length > 0))
        {
            yield return "Gateway:FeedUrl is not a base URL: it must be absolute, http or https, without user, query or fragment.";
        }

        if (hasFeed && string.IsNullOrEmpty(options.FeedToken))
        {
            yield return "Gateway:FeedToken is missing: set it with the environment variable AIVENMETRICS_Gateway__FeedToken "
                + "or in a file named by Gateway:FeedTokenFile.";
        }

        if (hasFile && CredentialFileSource.Read(options.TenantsFile!).Error is { } error)
        {
            yield return $"Gateway:TenantsFile: {error.TrimEnd('.')}.";
        }
    }

    private static IEnumerable<string> PathPrefixErrors(GatewayOptions options)
    {
        if (!string.IsNullOrEmpty(options.PathPrefix) && !RequestTarget.IsValidPrefix(options.PathPrefix))
        {
            yield return "Gateway:PathPrefix is not a path: it must begin with a slash, end without one, and consist of letters, digits, -, ., _ and ~, "
                + "for example /prometheus.";
        }
    }

    private static IEnumerable<string> CorsErrors(GatewayOptions options)
    {
        for (var i = 0; i < options.CorsOrigins.Count; i++)
        {
            if (!IsOrigin(options.CorsOrigins[i]))
            {
                yield return $"Gateway:CorsOrigins:{i} is not an origin: it must be a scheme, a host and perhaps a port, for example https://console.example.";
            }
        }
    }

    private static IEnumerable<string> LimitErrors(GatewayOptions options)
    {
        if (options.UpstreamTimeout <= TimeSpan.Zero || options.UpstreamTimeout > TimeSpan.FromDays(1))
        {
            yield return "Gateway:UpstreamTimeout must be more than zero and at most a day, for example 00:02:30.";
        }

        if (options.UpstreamConcurrency is < 1 or > MaxConcurrency)
        {
            yield return $"Gateway:UpstreamConcurrency is {options.UpstreamConcurrency}: it must be from 1 to {MaxConcurrency}.";
        }

        if (options.RemoteReadConcurrency is < 1 or > MaxConcurrency)
        {
            yield return $"Gateway:RemoteReadConcurrency is {options.RemoteReadConcurrency}: it must be from 1 to {MaxConcurrency}.";
        }

        if (options.ExportedTenants is < 0 or > MaxExportedTenants)
        {
            yield return $"Gateway:ExportedTenants is {options.ExportedTenants}: it must be from 0 to {MaxExportedTenants}.";
        }

        foreach (var (plan, limits) in options.Plans)
        {
            foreach (var error in limits.Validate($"Gateway:Plans:{plan}"))
            {
                yield return error;
            }
        }
    }

    /// <summary>Whether a text is an origin as browsers send it: without a path, a slash at the end and the default port.</summary>
    private static bool IsOrigin(string text) =>
        IsBaseUrl(text) && string.Equals(new Uri(text).GetLeftPart(UriPartial.Authority), text, StringComparison.OrdinalIgnoreCase);

    private static bool IsBaseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.Host.Length > 0
        && url.Query.Length == 0
        && url.Fragment.Length == 0;
}
