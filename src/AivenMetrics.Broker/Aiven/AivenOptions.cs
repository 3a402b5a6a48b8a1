using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.RegularExpressions;

namespace AivenMetrics.Broker.Aiven;

/// <summary>Which Aiven services get a <c>prometheus</c> integration.</summary>
public enum AivenMode
{
    /// <summary>Those that a live binding covers.</summary>
    Bound,

    /// <summary>Every service of a configured project whose type can have one; bindings then only grant access.</summary>
    AllEligible,
}

/// <summary>How the broker speaks to Aiven and what it does there. Configuration section <c>Broker:Aiven</c>.</summary>
public sealed partial class AivenOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Broker:Aiven";

    /// <summary>Scheme and host of the API, without <c>/v1</c>. Default: <c>https://api.aiven.io</c>.</summary>
    public string ApiUrl { get; set; } = "https://api.aiven.io";

    /// <summary>The API token of an application user that may write integrations. A secret; no default.</summary>
    [Required(
        ErrorMessage = "set it with the environment variable AIVENMETRICS_Broker__Aiven__Token or in a file named by Broker:Aiven:TokenFile"
    )]
    public string Token { get; set; } = "";

    /// <summary>The Aiven projects whose services tenants may have, at least one.</summary>
    [MinLength(1, ErrorMessage = "name at least one Aiven project, such as Broker:Aiven:Projects:0=my-project")]
    public IList<string> Projects { get; } = [];

    /// <summary>
    /// Name of our <c>prometheus</c> integration endpoint in every project, 1 to 36 characters. An endpoint that has this
    /// name already is taken over: it gets our credentials. Default: <c>aiven-metrics</c>.
    /// </summary>
    public string EndpointName { get; set; } = "aiven-metrics";

    /// <summary>Which services are integrated. Default: <see cref="AivenMode.Bound"/>.</summary>
    public AivenMode Mode { get; set; } = AivenMode.Bound;

    /// <summary>Time from one reconciliation cycle to the next when nothing wakes it. Default: one minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Shortest time between two cycles, however often binds wake the reconciler. Default: one second.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MinimumInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an integration that nobody needs stays before we delete it. Default: ten minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Requests that we allow ourselves in any minute; Aiven refuses more than about 120. Default: 100.</summary>
    [Range(10, 100_000)]
    public int RequestsPerMinute { get; set; } = 100;

    /// <summary>
    /// The network route by which Prometheus reaches the nodes: <c>dynamic</c>, <c>public</c>, <c>private</c> or
    /// <c>privatelink</c>, as in Aiven's <c>components[].route</c>. Default: <c>dynamic</c>.
    /// </summary>
    [AllowedValues("dynamic", "public", "private", "privatelink", ErrorMessage = "must be one of dynamic, public, private, privatelink.")]
    public string Route { get; set; } = "dynamic";

    /// <summary>
    /// The addresses from which the Prometheus servers connect, to tell tenants when a service's <c>ip_filter</c> keeps them
    /// out. Default: none, which checks nothing.
    /// </summary>
    public IList<string> PrometheusAddresses { get; } = [];

    /// <summary>The tags that say whose an Aiven service is.</summary>
    public AivenTagOptions Tags { get; } = new();

    /// <summary>Limit of one try, from connecting to the last byte of the body. Default: 20 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "1.00:00:00")]
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Limit of one call with all its tries and waits. Default: 90 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "1.00:00:00")]
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>Tries after the first. Default: 4.</summary>
    [Range(0, 20)]
    public int Retries { get; set; } = 4;

    /// <summary>Wait before the first retry; it doubles with each, with jitter, up to 15 seconds. Default: half a second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a project's calls pause after many failures in a row. Default: 10 seconds.</summary>
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
    /// <summary>The organization's id. Default: <c>organization_id</c>.</summary>
    public string OrganizationId { get; set; } = "organization_id";

    /// <summary>The space's id. Default: <c>space_id</c>.</summary>
    public string SpaceId { get; set; } = "space_id";

    /// <summary>The id of the platform's service instance. Default: <c>service_id</c>, the Aiven broker's name for it.</summary>
    public string ServiceInstanceId { get; set; } = "service_id";

    /// <summary>The id of the Kubernetes cluster; with the namespace it tells the owner. Default: <c>cluster_id</c>.</summary>
    public string ClusterId { get; set; } = "cluster_id";

    /// <summary>The Kubernetes namespace. Default: <c>namespace</c>. Organization and space, where both are tagged, count before it.</summary>
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
