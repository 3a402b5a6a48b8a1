namespace AivenMetrics.Broker.Catalog;

/// <summary>What the specification and Cloud Controller ask of a catalog (osb.md A2, B5), checked at start instead of at registration.</summary>
internal static class CatalogRules
{
    private const int LongestText = 255;
    private const int LongestParagraph = 10_000;
    private const int LongestTags = 2048;

    // Platforms end there whatever the plan says (osb.md B6).
    private static readonly TimeSpan LongestPolling = TimeSpan.FromDays(7);

    /// <summary>All faults, as sentences that name the key.</summary>
    public static IEnumerable<string> Faults(CatalogOptions options) =>
    [
        .. OfferingFaults(options),
        .. options.Plans().SelectMany(PlanFaults),
        .. Uniqueness(options),
    ];

    private static IEnumerable<string> OfferingFaults(CatalogOptions options) =>
    [
        .. Text("OfferingId", options.OfferingId),
        .. Name("OfferingName", options.OfferingName),
        .. Text("OfferingDescription", options.OfferingDescription),
        .. Text("DisplayName", options.DisplayName),
        .. Text("LongDescription", options.LongDescription, LongestParagraph),
        .. options.ProviderDisplayName.Length == 0 ? [] : Text("ProviderDisplayName", options.ProviderDisplayName),
        .. Url("DocumentationUrl", options.DocumentationUrl),
        .. Url("SupportUrl", options.SupportUrl),
        .. options.ImageUrl.StartsWith("data:image/", StringComparison.OrdinalIgnoreCase) ? [] : Url("ImageUrl", options.ImageUrl),
        .. options.Tags.SelectMany((tag, i) => Text($"Tags:{i}", tag)),
        .. options.Tags.Sum(tag => tag.Length + 1) > LongestTags
            ? [$"Broker:Catalog:Tags have more than {LongestTags} characters together: give fewer."]
            : (IEnumerable<string>)[],
        .. options.MaximumPollingDuration < TimeSpan.FromSeconds(1) || options.MaximumPollingDuration > LongestPolling
            ? ["Broker:Catalog:MaximumPollingDuration must be at least one second and at most seven days, such as 01:00:00."]
            : (IEnumerable<string>)[],
    ];

    private static IEnumerable<string> PlanFaults(PlanOptions plan)
    {
        string[] faults =
        [
            .. Text($"{plan.Key}Id", plan.Id),
            .. Name($"{plan.Key}Name", plan.Name),
            .. Text($"{plan.Key}Description", plan.Description),
            .. plan.DisplayName.Length == 0 ? [] : Text($"{plan.Key}DisplayName", plan.DisplayName),
            .. plan.Bullets.SelectMany((bullet, i) => Text($"{plan.Key}Bullets:{i}", bullet)),
        ];
        foreach (var fault in faults)
            yield return fault;
        foreach (var (i, cost) in plan.Costs.Index())
            if (string.IsNullOrWhiteSpace(cost.Currency) || string.IsNullOrWhiteSpace(cost.Unit) || !double.IsFinite(cost.Amount) || cost.Amount < 0)
                yield return $"Broker:Catalog:{plan.Key}Costs:{i} needs Currency (such as eur), Amount (0 or more) and Unit (such as MONTHLY).";
        if (plan is { Free: true, Costs.Count: > 0 })
            yield return $"Broker:Catalog:{plan.Key}Free is true, but the plan has {plan.Key}Costs: remove one of them.";
        foreach (var fault in MaintenanceInfo.Faults(plan.Key, plan.MaintenanceVersion, plan.MaintenanceDescription))
            yield return fault;
        foreach (var schema in new[] { ParameterSchemas.Provision(plan.Scope), ParameterSchemas.Update(plan.Scope), ParameterSchemas.Bind(plan.Scope) })
            if (schema.GetRawText().Length > ParameterSchemas.Longest)
                yield return $"A parameter schema of {plan.Name} has more than {ParameterSchemas.Longest} characters.";
    }

    /// <summary>Cloud Controller compares case-sensitively, and ids over the whole catalog.</summary>
    private static IEnumerable<string> Uniqueness(CatalogOptions options)
    {
        var plans = options.Plans();
        (string Key, string Value)[] ids = [("OfferingId", options.OfferingId), .. plans.Select(plan => ($"{plan.Key}Id", plan.Id))];
        (string Key, string Value)[] names = [.. plans.Select(plan => ($"{plan.Key}Name", plan.Name))];
        return Shared(ids, "an id").Concat(Shared(names, "a name"));
    }

    private static IEnumerable<string> Shared((string Key, string Value)[] values, string what) => values
        .GroupBy(pair => pair.Value, StringComparer.Ordinal)
        .Where(group => group.Count() > 1)
        .Select(group => $"{string.Join(" and ", group.Select(pair => $"Broker:Catalog:{pair.Key}"))} are equal: each needs {what} of its own.");

    private static IEnumerable<string> Text(string key, string value, int longest = LongestText)
    {
        if (string.IsNullOrWhiteSpace(value))
            yield return $"Broker:Catalog:{key} is empty: remove it to use the default, or give it a text.";
        else if (value.Length > longest)
            yield return $"Broker:Catalog:{key} is longer than {longest} characters: shorten it.";
        else if (value.Any(char.IsControl) && longest == LongestText)
            yield return $"Broker:Catalog:{key} holds a line break or another control character: leave it out.";
    }

    // Users type it on command lines (osb.md 25).
    private static IEnumerable<string> Name(string key, string value) =>
        value.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-'))
            ? [$"Broker:Catalog:{key} may hold letters, digits, periods and hyphens only."]
            : Text(key, value);

    private static IEnumerable<string> Url(string key, string value)
    {
        if (value.Length > 0 && (!Uri.TryCreate(value, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")))
            yield return $"Broker:Catalog:{key} must be an absolute http or https URL, such as https://docs.example.com/metrics.";
    }
}
