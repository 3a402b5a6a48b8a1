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
public sealed partial class AivenOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Broker:Aiven";

    /// <summary>Scheme and host of the API, without <c>/v1</c>. Default: <c>https://api.aiven.io</c>.</summary>
    public string ApiUrl { get; set; } = "https://api.aiven.io";

    /// <summary>The API token of an application user that may write integrations. A secret; no default.</summary>
    public string Token { get; set; } = "";

    /// <summary>The Aiven projects whose services tenants may have, at least one.</summary>
    public IList<string> Projects { get; } = [];

    /// <summary>
    /// Name of our <c>prometheus</c> integration endpoint in every project, 1 to 36 characters. An endpoint that has this
    /// name already is taken over: it gets our credentials. Default: <c>aiven-metrics</c>.
    /// </summary>
    public string EndpointName { get; set; } = "aiven-metrics";

    /// <summary>Which services are integrated. Default: <see cref="AivenMode.Bound"/>.</summary>
    public AivenMode Mode { get; set; } = AivenMode.Bound;

    /// <summary>Time from one reconciliation cycle to the next when nothing wakes it. Default: one minute.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Shortest time between two cycles, however often binds wake the reconciler. Default: one second.</summary>
    public TimeSpan MinimumInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an integration that nobody needs stays before we delete it. Default: ten minutes.</summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Requests that we allow ourselves in any minute; Aiven refuses more than about 120. Default: 100.</summary>
    public int RequestsPerMinute { get; set; } = 100;

    /// <summary>
    /// The network route by which Prometheus reaches the nodes: <c>dynamic</c>, <c>public</c>, <c>private</c> or
    /// <c>privatelink</c>, as in Aiven's <c>components[].route</c>. Default: <c>dynamic</c>.
    /// </summary>
    public string Route { get; set; } = "dynamic";

    /// <summary>
    /// The addresses from which the Prometheus servers connect, to tell tenants when a service's <c>ip_filter</c> keeps them
    /// out. Default: none, which checks nothing.
    /// </summary>
    public IList<string> PrometheusAddresses { get; } = [];

    /// <summary>The tags that say whose an Aiven service is.</summary>
    public AivenTagOptions Tags { get; } = new();

    /// <summary>Limit of one try, from connecting to the last byte of the body. Default: 20 seconds.</summary>
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Limit of one call with all its tries and waits. Default: 90 seconds.</summary>
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>Tries after the first. Default: 4.</summary>
    public int Retries { get; set; } = 4;

    /// <summary>Wait before the first retry; it doubles with each, with jitter, up to 15 seconds. Default: half a second.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a project's calls pause after many failures in a row. Default: 10 seconds.</summary>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>All faults of these options, each a sentence that names the key and says how to mend it.</summary>
    public IEnumerable<string> Validate()
    {
        if (!Uri.TryCreate(ApiUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            yield return $"{Section}:ApiUrl is not an http or https URL: give scheme and host, such as https://api.aiven.io.";
        }
        if (string.IsNullOrWhiteSpace(Token))
        {
            yield return $"{Section}:Token is missing: set it with the environment variable AIVENMETRICS_Broker__Aiven__Token "
                + $"or in a file named by {Section}:TokenFile.";
        }
        else if (Token.Any(c => c is <= ' ' or > '~'))
        {
            yield return $"{Section}:Token holds a space or a character that an HTTP header cannot carry: check what was pasted.";
        }
        if (Projects.Count == 0)
        {
            yield return $"{Section}:Projects is empty: name at least one Aiven project, such as {Section}:Projects:0=my-project.";
        }
        foreach (var project in Projects.Where(name => !ProjectNamePattern().IsMatch(name)))
        {
            yield return $"{Section}:Projects names \"{project}\", which cannot be an Aiven project: 1 to 63 letters, digits or '-', '_'.";
        }
        if (Projects.Distinct(StringComparer.Ordinal).Count() != Projects.Count)
        {
            yield return $"{Section}:Projects names a project twice: keep one of each.";
        }
        if (!EndpointNamePattern().IsMatch(EndpointName))
        {
            yield return $"{Section}:EndpointName must be 1 to 36 letters, digits, '-' or '_'.";
        }
        if (Route is not ("dynamic" or "public" or "private" or "privatelink"))
        {
            yield return $"{Section}:Route must be one of dynamic, public, private, privatelink.";
        }
        foreach (var address in PrometheusAddresses.Where(address => !IPAddress.TryParse(address, out _)))
        {
            yield return $"{Section}:PrometheusAddresses names \"{address}\", which is no IP address.";
        }
        if (RequestsPerMinute is < 10 or > 100_000)
        {
            yield return $"{Section}:RequestsPerMinute must be from 10 to 100000.";
        }
        if (Retries is < 0 or > 20)
        {
            yield return $"{Section}:Retries must be from 0 to 20.";
        }
        foreach (var (key, value, shortest) in Durations())
        {
            if (value < shortest || value > TimeSpan.FromDays(1))
            {
                yield return $"{Section}:{key} must be from {shortest:c} to 1.00:00:00.";
            }
        }
        foreach (var (key, value) in Tags.Names())
        {
            if (!TagNamePattern().IsMatch(value))
            {
                yield return $"{Section}:Tags:{key} is not a tag name: a letter, then up to 63 letters, digits, '_' or '-'.";
            }
        }
    }

    private IEnumerable<(string Key, TimeSpan Value, TimeSpan Shortest)> Durations()
    {
        var instant = TimeSpan.FromMilliseconds(1);
        yield return (nameof(Interval), Interval, TimeSpan.FromMilliseconds(100));
        yield return (nameof(MinimumInterval), MinimumInterval, TimeSpan.Zero);
        yield return (nameof(GracePeriod), GracePeriod, TimeSpan.Zero);
        // Polly refuses timeouts below 10 ms and breaks below 500 ms.
        yield return (nameof(TryTimeout), TryTimeout, TimeSpan.FromMilliseconds(10));
        yield return (nameof(TotalTimeout), TotalTimeout, TimeSpan.FromMilliseconds(10));
        yield return (nameof(RetryDelay), RetryDelay, instant);
        yield return (nameof(BreakDuration), BreakDuration, TimeSpan.FromMilliseconds(500));
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,63}\z")]
    private static partial Regex ProjectNamePattern();

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,36}\z")]
    private static partial Regex EndpointNamePattern();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_-]{0,63}\z")]
    private static partial Regex TagNamePattern();
}

/// <summary>Names of the tags that the platform's Aiven broker writes on every service.</summary>
public sealed class AivenTagOptions
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

    /// <summary>Each name with its key.</summary>
    internal IEnumerable<(string Key, string Name)> Names() =>
        [
            (nameof(OrganizationId), OrganizationId),
            (nameof(SpaceId), SpaceId),
            (nameof(ServiceInstanceId), ServiceInstanceId),
            (nameof(ClusterId), ClusterId),
            (nameof(Namespace), Namespace),
        ];
}
