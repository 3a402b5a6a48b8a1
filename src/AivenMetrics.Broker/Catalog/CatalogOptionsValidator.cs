using System.ComponentModel.DataAnnotations;

namespace AivenMetrics.Broker.Catalog;

/// <summary>What the specification and Cloud Controller ask of a catalog (osb.md A2, B5), checked at start instead of at registration.</summary>
internal static class CatalogOptionsValidator
{
    private const int MaximumTextLength = 255;
    private const int MaximumParagraphLength = 10_000;
    private const int MaximumTagsLength = 2048;

    /// <summary>Returns all violations.</summary>
    public static IEnumerable<ValidationResult> Validate(CatalogOptions options) =>
        [.. ValidateOffering(options), .. options.Plans().SelectMany(ValidatePlan), .. ValidateUniqueness(options)];

    private static IEnumerable<ValidationResult> ValidateOffering(CatalogOptions options) =>
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
                ? [new ValidationResult($"have more than {MaximumTagsLength} characters in total: remove some.", [nameof(options.Tags)])]
                : (IEnumerable<ValidationResult>)[],
        ];

    private static IEnumerable<ValidationResult> ValidatePlan(ServicePlanConfig plan)
    {
        ValidationResult[] errors =
        [
            .. ValidateText($"{plan.Key}Id", plan.Id),
            .. ValidateName($"{plan.Key}Name", plan.Name),
            .. ValidateText($"{plan.Key}Description", plan.Description),
            .. plan.DisplayName.Length == 0 ? [] : ValidateText($"{plan.Key}DisplayName", plan.DisplayName),
            .. plan.Bullets.SelectMany((bullet, i) => ValidateText($"{plan.Key}Bullets:{i}", bullet)),
        ];
        foreach (var error in errors)
        {
            yield return error;
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
                yield return new ValidationResult(
                    "needs Currency (such as eur), Amount (0 or more) and Unit (such as MONTHLY).",
                    [$"{plan.Key}Costs:{i}"]
                );
            }
        }
        if (plan is { Free: true, Costs.Count: > 0 })
        {
            yield return new ValidationResult($"is true, but the plan has {plan.Key}Costs: remove one of them.", [$"{plan.Key}Free"]);
        }
        foreach (var error in MaintenanceInfo.Validate(plan.Key, plan.MaintenanceVersion, plan.MaintenanceDescription))
        {
            yield return error;
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
                yield return new ValidationResult(
                    $"has a parameter schema of {plan.Name} with more than {ParameterSchemas.MaximumLength} characters."
                );
            }
        }
    }

    /// <summary>Cloud Controller compares case-sensitively, and ids over the whole catalog.</summary>
    private static IEnumerable<ValidationResult> ValidateUniqueness(CatalogOptions options)
    {
        var plans = options.Plans();
        (string Key, string Value)[] ids = [("OfferingId", options.OfferingId), .. plans.Select(plan => ($"{plan.Key}Id", plan.Id))];
        (string Key, string Value)[] names = [.. plans.Select(plan => ($"{plan.Key}Name", plan.Name))];
        return FindDuplicates(ids, "an id").Concat(FindDuplicates(names, "a name"));
    }

    private static IEnumerable<ValidationResult> FindDuplicates((string Key, string Value)[] values, string what) =>
        values
            .GroupBy(pair => pair.Value, StringComparer.Ordinal)
            .Where(group => group.Count() > 1)
            .Select(group => new ValidationResult($"are equal: give each {what} of its own.", group.Select(pair => pair.Key)));

    private static IEnumerable<ValidationResult> ValidateText(string key, string value, int longest = MaximumTextLength)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            yield return new ValidationResult("is empty: remove it to use the default, or give it a text.", [key]);
        }
        else if (value.Length > longest)
        {
            yield return new ValidationResult($"is longer than {longest} characters: shorten it.", [key]);
        }
        else if (value.Any(char.IsControl) && longest == MaximumTextLength)
        {
            yield return new ValidationResult("contains a line break or another control character: remove it.", [key]);
        }
    }

    // Users type it on command lines (osb.md 25).
    private static IEnumerable<ValidationResult> ValidateName(string key, string value) =>
        value.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-'))
            ? [new ValidationResult("may contain only letters, digits, periods and hyphens.", [key])]
            : ValidateText(key, value);

    private static IEnumerable<ValidationResult> ValidateUrl(string key, string value)
    {
        if (value.Length > 0 && (!Uri.TryCreate(value, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")))
        {
            yield return new ValidationResult("must be an absolute http or https URL, such as https://docs.example.com/metrics.", [key]);
        }
    }
}
