using System.ComponentModel.DataAnnotations;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Routing;

namespace AivenMetrics.Gateway;

/// <summary>Rules of <see cref="GatewayOptions"/> that concern several options or need other parts of the gateway.</summary>
public static class GatewayOptionsValidator
{
    /// <summary>Returns the violations of the rules.</summary>
    public static IEnumerable<ValidationResult> Validate(GatewayOptions options) =>
        [
            .. ValidateDestinations(options.Prometheus),
            .. ValidateCredentialSource(options),
            .. ValidatePathPrefix(options.PathPrefix),
            .. ValidateCorsOrigins(options.CorsOrigins),
        ];

    private static IEnumerable<ValidationResult> ValidateDestinations(IList<string> urls)
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < urls.Count; i++)
        {
            if (!IsBaseUrl(urls[i]))
            {
                yield return new ValidationResult(
                    "is not a base URL: it must be absolute, http or https, without query or fragment.",
                    [$"{nameof(GatewayOptions.Prometheus)}:{i}"]
                );
            }
            else if (Destination.BaseUrl(new Uri(urls[i])) is var url && !first.TryAdd(url, i))
            {
                yield return new ValidationResult(
                    $"is the same server as Gateway:Prometheus:{first[url]}: remove one of them, or name another server that "
                        + "has the same targets.",
                    [$"{nameof(GatewayOptions.Prometheus)}:{i}"]
                );
            }
        }
    }

    private static IEnumerable<ValidationResult> ValidateCredentialSource(GatewayOptions options)
    {
        var (feed, file) = (!string.IsNullOrEmpty(options.FeedUrl), !string.IsNullOrEmpty(options.TenantsFile));
        if (feed && file)
        {
            yield return new ValidationResult(
                "are both set: credentials come from one of them. Remove the other.",
                [nameof(GatewayOptions.FeedUrl), nameof(GatewayOptions.TenantsFile)]
            );
        }

        if (!feed && !file)
        {
            yield return new ValidationResult(
                "is missing: set it to the broker's base URL, or name a file with credentials with Gateway:TenantsFile.",
                [nameof(GatewayOptions.FeedUrl)]
            );
        }

        if (feed && (!IsBaseUrl(options.FeedUrl!) || new Uri(options.FeedUrl!).UserInfo.Length > 0))
        {
            yield return new ValidationResult(
                "is not a base URL: it must be absolute, http or https, without user, query or fragment.",
                [nameof(GatewayOptions.FeedUrl)]
            );
        }

        if (feed && string.IsNullOrEmpty(options.FeedToken))
        {
            yield return new ValidationResult(
                "is missing: set it with the environment variable AIVENMETRICS_Gateway__FeedToken or in a file named by "
                    + "Gateway:FeedTokenFile.",
                [nameof(GatewayOptions.FeedToken)]
            );
        }

        if (file && CredentialFileSource.Read(options.TenantsFile!).Error is { } error)
        {
            yield return new ValidationResult($"cannot be used: {error.TrimEnd('.')}.", [nameof(GatewayOptions.TenantsFile)]);
        }
    }

    private static IEnumerable<ValidationResult> ValidatePathPrefix(string? prefix)
    {
        if (!string.IsNullOrEmpty(prefix) && !RequestTarget.IsValidPrefix(prefix))
        {
            yield return new ValidationResult(
                "is not a path: it must begin with a slash, not end with one, and contain only letters, digits, -, ., _ and ~, "
                    + "such as /prometheus.",
                [nameof(GatewayOptions.PathPrefix)]
            );
        }
    }

    private static IEnumerable<ValidationResult> ValidateCorsOrigins(IList<string> origins)
    {
        foreach (var (index, _) in origins.Index().Where(origin => !IsOrigin(origin.Item)))
        {
            yield return new ValidationResult(
                "is not an origin: it must be a scheme, a host and optionally a port, such as https://console.example.",
                [$"{nameof(GatewayOptions.CorsOrigins)}:{index}"]
            );
        }
    }

    /// <summary>Returns whether a text is an origin as browsers write it: without path and default port.</summary>
    private static bool IsOrigin(string text) =>
        IsBaseUrl(text) && string.Equals(new Uri(text).GetLeftPart(UriPartial.Authority), text, StringComparison.OrdinalIgnoreCase);

    private static bool IsBaseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.Host.Length > 0
        && url.Query.Length == 0
        && url.Fragment.Length == 0;
}
