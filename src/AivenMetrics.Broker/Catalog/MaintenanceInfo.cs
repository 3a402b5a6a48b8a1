using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace AivenMetrics.Broker.Catalog;

/// <summary>Maintenance that instances of the plan can be upgraded to.</summary>
/// <param name="Version">Semantic version 2.0.</param>
/// <param name="Description">Description of the maintenance; absent if none is configured.</param>
internal sealed partial record MaintenanceInfo(string Version, string? Description)
{
    // Cloud Controller accepts 2,000 characters of JSON, where one character may take six (\u00fc).
    private const int MaximumVersionLength = 100;
    private const int MaximumDescriptionLength = 300;

    /// <summary>Returns the maintenance info; null if the version is empty.</summary>
    public static MaintenanceInfo? Create(string version, string description) =>
        version.Length == 0 ? null : new(version, description.Length == 0 ? null : description);

    /// <summary>Returns the violations of the two options.</summary>
    public static IEnumerable<ValidationResult> Validate(string plan, string version, string description)
    {
        if (version.Length > 0 && (version.Length > MaximumVersionLength || !SemanticVersion().IsMatch(version)))
        {
            yield return new ValidationResult(
                $"must be a semantic version of at most {MaximumVersionLength} characters, such as 1.0.0.",
                [$"{plan}MaintenanceVersion"]
            );
        }
        if (description.Length > 0 && version.Length == 0)
        {
            yield return new ValidationResult(
                $"is set without Broker:Catalog:{plan}MaintenanceVersion: set both or neither.",
                [$"{plan}MaintenanceDescription"]
            );
        }
        if (description.Length > MaximumDescriptionLength)
        {
            yield return new ValidationResult(
                $"is longer than {MaximumDescriptionLength} characters: shorten it.",
                [$"{plan}MaintenanceDescription"]
            );
        }
    }

    // The grammar of semver.org 2.0.0: three numbers without leading zeros, an optional pre-release and an optional build.
    [GeneratedRegex(
        @"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
            + @"(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?"
            + @"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?\z"
    )]
    private static partial Regex SemanticVersion();
}
