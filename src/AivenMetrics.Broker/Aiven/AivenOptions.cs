using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.RegularExpressions;

namespace AivenMetrics.Broker.Aiven;

/// <summary>Selects the Aiven services that get a <c>prometheus</c> integration.</summary>
public enum AivenMode
{
    /// <summary>Services that a live binding covers.</summary>
    Bound,

    /// <summary>All services of the configured projects whose type supports it. Bindings then only grant access.</summary>
    AllEligible,
}

/// <summary>Options for accessing Aiven. Configuration section <c>Broker:Aiven</c>.</summary>
public sealed partial class AivenOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Broker:Aiven";

    /// <summary>Scheme and host of the API, without <c>/v1</c>. Default: <c>https://api.aiven.io</c>.</summary>
    public string ApiUrl { get; set; } = "https://api.aiven.io";

    /// <summary>API token of an application user that may write integrations. A secret; no default.</summary>
    [Required(
        ErrorMessage = "set it with the environment variable AIVENMETRICS_Broker__Aiven__Token or in a file named by Broker:Aiven:TokenFile"
    )]
    public string Token { get; set; } = "";

    /// <summary>Aiven projects whose services are available to tenants. At least one.</summary>
    [MinLength(1, ErrorMessage = "name at least one Aiven project, such as Broker:Aiven:Projects:0=my-project")]
    public IList<string> Projects { get; } = [];

    /// <summary>
    /// Name of the broker's <c>prometheus</c> integration endpoint in every project, 1 to 36 characters. An existing endpoint of this name
    /// is adopted: the broker replaces its credentials. Default: <c>aiven-metrics</c>.
    /// </summary>
    public string EndpointName { get; set; } = "aiven-metrics";

    /// <summary>Services to integrate. Default: <see cref="AivenMode.Bound"/>.</summary>
    public AivenMode Mode { get; set; } = AivenMode.Bound;

    /// <summary>Interval between two reconciliation cycles without events. Default: 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Minimum interval between two cycles, regardless of the number of events. Default: 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MinimumInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time for which an integration that no binding needs is kept before it is deleted. Default: 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Maximum number of requests per minute. Aiven rejects more than about 120. Default: 100.</summary>
    [Range(10, 100_000)]
    public int RequestsPerMinute { get; set; } = 100;

    /// <summary>
    /// Network route from Prometheus to the nodes: <c>dynamic</c>, <c>public</c>, <c>private</c> or <c>privatelink</c>, as in Aiven's
    /// <c>components[].route</c>. Default: <c>dynamic</c>.
    /// </summary>
    [AllowedValues("dynamic", "public", "private", "privatelink", ErrorMessage = "must be one of dynamic, public, private, privatelink.")]
    public string Route { get; set; } = "dynamic";

    /// <summary>
    /// Source addresses of the Prometheus servers. The broker reports services whose <c>ip_filter</c> excludes one of them. Default: none,
    /// which disables the check.
    /// </summary>
    public IList<string> PrometheusAddresses { get; } = [];

    /// <summary>Tags that identify the owner of an Aiven service.</summary>
    public AivenTagOptions Tags { get; } = new();

    /// <summary>Timeout of one attempt, including the response body. Default: 20 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "1.00:00:00")]
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Timeout of a request, including all attempts and delays. Default: 90 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "1.00:00:00")]
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>Number of retries after the first attempt. Default: 4.</summary>
    [Range(0, 20)]
    public int Retries { get; set; } = 4;

    /// <summary>Delay before the first retry. It doubles with each retry, with jitter, up to 15 seconds. Default: 0.5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Time for which requests of a project pause after repeated failures. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "1.00:00:00")]
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Uri.TryCreate(ApiUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            yield return new ValidationResult(
                "must be an http or https URL with scheme and host, such as https://api.aiven.io.",
                [nameof(ApiUrl)]
            );
        }

        if (!string.IsNullOrWhiteSpace(Token) && Token.Any(character => character is <= ' ' or > '~'))
        {
            yield return new ValidationResult(
                "contains a space or a character that an HTTP header cannot contain: check the token.",
                [nameof(Token)]
            );
        }

        foreach (var project in Projects.Where(name => !ProjectNamePattern().IsMatch(name)))
        {
            yield return new ValidationResult(
                $"names \"{project}\", which cannot be an Aiven project: use 1 to 63 letters, digits, '-' or '_'.",
                [nameof(Projects)]
            );
        }

        if (Projects.Distinct(StringComparer.Ordinal).Count() != Projects.Count)
        {
            yield return new ValidationResult("names a project twice: remove one of them.", [nameof(Projects)]);
        }

        if (!EndpointNamePattern().IsMatch(EndpointName))
        {
            yield return new ValidationResult("must be 1 to 36 letters, digits, '-' or '_'.", [nameof(EndpointName)]);
        }

        foreach (var address in PrometheusAddresses.Where(address => !IPAddress.TryParse(address, out _)))
        {
            yield return new ValidationResult($"names \"{address}\", which is not an IP address.", [nameof(PrometheusAddresses)]);
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,63}\z")]
    private static partial Regex ProjectNamePattern();

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,36}\z")]
    private static partial Regex EndpointNamePattern();
}

/// <summary>Names of the tags that the platform's Aiven broker writes on every service.</summary>
public sealed partial class AivenTagOptions : IValidatableObject
{
    /// <summary>Tag with the organization's id. Default: <c>organization_id</c>.</summary>
    public string OrganizationId { get; set; } = "organization_id";

    /// <summary>Tag with the space's id. Default: <c>space_id</c>.</summary>
    public string SpaceId { get; set; } = "space_id";

    /// <summary>Tag with the id of the platform's service instance. Default: <c>service_id</c>, as written by the Aiven broker.</summary>
    public string ServiceInstanceId { get; set; } = "service_id";

    /// <summary>
    /// Tag with the id of the Kubernetes cluster, which with the namespace identifies the owner. Default: <c>cluster_id</c>.
    /// </summary>
    public string ClusterId { get; set; } = "cluster_id";

    /// <summary>Tag with the Kubernetes namespace. Default: <c>namespace</c>. Tags for organization and space take precedence.</summary>
    public string Namespace { get; set; } = "namespace";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Key, string Name)[] names =
        [
            (nameof(OrganizationId), OrganizationId),
            (nameof(SpaceId), SpaceId),
            (nameof(ServiceInstanceId), ServiceInstanceId),
            (nameof(ClusterId), ClusterId),
            (nameof(Namespace), Namespace),
        ];
        return names
            .Where(tag => !TagNamePattern().IsMatch(tag.Name))
            .Select(tag => new ValidationResult("must be a tag name: a letter, then up to 63 letters, digits, '_' or '-'.", [tag.Key]));
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_-]{0,63}\z")]
    private static partial Regex TagNamePattern();
}
