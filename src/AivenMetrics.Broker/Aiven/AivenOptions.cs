namespace AivenMetrics.Broker.Aiven;

/// <summary>Which Aiven services get an integration (design decision 4).</summary>
public enum AivenMode
{
    /// <summary>Those that a live binding covers.</summary>
    Bound,

    /// <summary>Every eligible service of the configured projects.</summary>
    AllEligible,
}

/// <summary>Access to Aiven and how it is reconciled (<c>Broker:Aiven</c>).</summary>
public sealed class AivenOptions
{
    /// <summary>Where Aiven's API is.</summary>
    public string ApiUrl { get; set; } = "https://api.aiven.io";

    /// <summary>The API token, a secret.</summary>
    public string Token { get; set; } = "";

    /// <summary>The projects whose services are served; at least one.</summary>
    public IList<string> Projects { get; } = [];

    /// <summary>Name of our <c>prometheus</c> integration endpoint in each project.</summary>
    public string EndpointName { get; set; } = "aiven-metrics";

    /// <summary>Which services get an integration.</summary>
    public AivenMode Mode { get; set; } = AivenMode.Bound;

    /// <summary>Time between two reconciliations when nothing wakes them.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Least time between the starts of two reconciliations.</summary>
    public TimeSpan MinimumInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an integration that nobody needs is kept.</summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Most requests to Aiven in a minute.</summary>
    public int RequestsPerMinute { get; set; } = 100;

    /// <summary>Which of a service's hosts are scraped.</summary>
    public string Route { get; set; } = "dynamic";

    /// <summary>Names of the tags that tell the owner.</summary>
    public AivenTagOptions Tags { get; } = new();

    /// <summary>All faults, as sentences that name the key.</summary>
    public IEnumerable<string> Faults()
    {
        if (Token.Length == 0)
            yield return "Broker:Aiven:Token is missing: set it with the environment variable AIVENMETRICS_Broker__Aiven__Token "
                + "or in a file named by Broker:Aiven:TokenFile.";
        if (Projects.Count == 0)
            yield return "Broker:Aiven:Projects is empty: name at least one Aiven project, such as AIVENMETRICS_Broker__Aiven__Projects__0=my-project.";
    }
}

/// <summary>Names of the tags that the existing Aiven broker writes.</summary>
public sealed class AivenTagOptions
{
    /// <summary>Tag with the organization's GUID.</summary>
    public string OrganizationId { get; set; } = "organization_id";

    /// <summary>Tag with the space's GUID.</summary>
    public string SpaceId { get; set; } = "space_id";

    /// <summary>Tag with the GUID of the platform's instance of the Aiven service.</summary>
    public string ServiceInstanceId { get; set; } = "service_id";
}
