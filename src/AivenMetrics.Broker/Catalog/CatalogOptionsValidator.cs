namespace AivenMetrics.Broker.Catalog;

/// <summary>What the specification and Cloud Controller ask of a catalog (osb.md A2, B5), checked at start instead of at registration.</summary>
internal static class CatalogOptionsValidator
{
    private const int MaximumTextLength = 255;
    private const int MaximumParagraphLength = 10_000;
    private const int MaximumTagsLength = 2048;

    // Platforms end there whatever the plan says (osb.md B6).
    private static readonly TimeSpan MaximumPollingDuration = TimeSpan.FromDays(7);

    /// <summary>All faults, as sentences that name the key.</summary>
    public static IEnumerable<string> Validate(CatalogOptions options) =>
        [.. ValidateOffering(options), .. options.Plans().SelectMany(ValidatePlan), .. ValidateUniqueness(options)];

    private static IEnumerable<string> ValidateOffering(CatalogOptions options) =>
        [
            .. ValidateText("OfferingId", options.OfferingId),
            .. ValidateName("OfferingName", options.OfferingName),
            .. ValidateText("OfferingDescription", options.OfferingDescription),
            .. ValidateText("DisplayName", options.DisplayName),
            .. ValidateText("LongDescription", options.LongDescription, MaximumParagraphLength),
            .. options.ProviderDisplayName.Length == 0 ? [] : ValidateText("ProviderDisplayName", options.ProviderDisplayName),
            .. ValidateUrl("DocumentationUrl", options.DocumentationUrl),
            .. ValidateUrl("SupportUrl", options.SupportUrl),
            .. options.ImageUrl.StartsWith("data:image/", StringComparison.OrdinalIgnoreCase)
                ? []
                : ValidateUrl("ImageUrl", options.ImageUrl),
            .. options.Tags.SelectMany((tag, i) => ValidateText($"Tags:{i}", tag)),
            .. options.Tags.Sum(tag => tag.Length + 1) > MaximumTagsLength
                ? [$"Broker:Catalog:Tags have more than {MaximumTagsLength} characters together: give fewer."]
                : (IEnumerable<string>)[],
            .. options.MaximumPollingDuration < TimeSpan.FromSeconds(1) || options.MaximumPollingDuration > MaximumPollingDuration
                ? ["Broker:Catalog:MaximumPollingDuration must be at least one second and at most seven days, such as 01:00:00."]
                : (IEnumerable<string>)[],
        ];

    private static IEnumerable<string> ValidatePlan(ServicePlanConfig plan)
    {
        string[] faults =
        [
            .. ValidateText($"{plan.Key}Id", plan.Id),
            .. ValidateName($"{plan.Key}Name", plan.Name),
            .. ValidateText($"{plan.Key}Description", plan.Description),
            .. plan.DisplayName.Length == 0 ? [] : ValidateText($"{plan.Key}DisplayName", plan.DisplayName),
            .. plan.Bullets.SelectMany((bullet, i) => ValidateText($"{plan.Key}Bullets:{i}", bullet)),
        ];
        foreach (var fault in faults)
        {
            yield return fault;
        }
        foreach (var (i, cost) in plan.Costs.Index())
        {
            if (
                string.IsNullOrWhiteSpace(cost.Currency)
                || string.IsNullOrWhiteSpace(cost.Unit)
                || !double.IsFinite(cost.Amount)
                || cost.Amount < 0
            )
            {
                yield return $"Broker:Catalog:{plan.Key}Costs:{i} needs Currency (such as eur), Amount (0 or more) and Unit (such as MONTHLY).";
            }
        }
        if (plan is { Free: true, Costs.Count: > 0 })
        {
            yield return $"Broker:Catalog:{plan.Key}Free is true, but the plan has {plan.Key}Costs: remove one of them.";
        }
        foreach (var fault in MaintenanceInfo.Validate(plan.Key, plan.MaintenanceVersion, plan.MaintenanceDescription))
        {
            yield return fault;
        }
        foreach (
            var schema in new[]
            {
                ParameterSchemas.Provision(plan.Scope),
                ParameterSchemas.Update(plan.Scope),
                ParameterSchemas.Bind(plan.Scope),
            }
        )
        {
            if (schema.GetRawText().Length > ParameterSchemas.MaximumLength)
            {
                yield return $"A parameter schema of {plan.Name} has more than {ParameterSchemas.MaximumLength} characters.";
            }
        }
    }

    /// <summary>Cloud Controller compares case-sensitively, and ids over the whole catalog.</summary>
    private static IEnumerable<string> ValidateUniqueness(CatalogOptions options)
    {
        var plans = options.Plans();
        (string Key, string Value)[] ids = [("OfferingId", options.OfferingId), .. plans.Select(plan => ($"{plan.Key}Id", plan.Id))];
        (string Key, string Value)[] names = [.. plans.Select(plan => ($"{plan.Key}Name", plan.Name))];
        return FindDuplicates(ids, "an id").Concat(FindDuplicates(names, "a name"));
    }

    private static IEnumerable<string> FindDuplicates((string Key, string Value)[] values, string what) =>
        values
            .GroupBy(pair => pair.Value, StringComparer.Ordinal)
            .Where(group => group.Count() > 1)
            .Select(group =>
                $"{string.Join(" and ", group.Select(pair => $"Broker:Catalog:{pair.Key}"))} are equal: each needs {what} of its own."
            );

    private static IEnumerable<string> ValidateText(string key, string value, int longest = MaximumTextLength)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            yield return $"Broker:Catalog:{key} is empty: remove it to use the default, or give it a text.";
        }
        else if (value.Length > longest)
        {
            yield return $"Broker:Catalog:{key} is longer than {longest} characters: shorten it.";
        }
        else if (value.Any(char.IsControl) && longest == MaximumTextLength)
        {
            yield return $"Broker:Catalog:{key} holds a line break or another control character: leave it out.";
        }
    }

    // Users type it on command lines (osb.md 25).
    private static IEnumerable<string> ValidateName(string key, string value) =>
        value.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-'))
            ? [$"Broker:Catalog:{key} may hold letters, digits, periods and hyphens only."]
            : ValidateText(key, value);

    private static IEnumerable<string> ValidateUrl(string key, string value)
    {
        if (value.Length > 0 && (!Uri.TryCreate(value, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")))
        {
            yield return $"Broker:Catalog:{key} must be an absolute http or https URL, such as https://docs.example.com/metrics.";
        }
    }
}
