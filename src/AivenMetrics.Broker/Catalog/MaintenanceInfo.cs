using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace AivenMetrics.Broker.Catalog;

/// <summary>A plan's <c>maintenance_info</c> (osb.md 33): a newer version tells platforms that their instances can be upgraded.</summary>
/// <param name="Version">A semantic version 2.0.</param>
/// <param name="Description">What the maintenance does; null: not told.</param>
internal sealed partial record MaintenanceInfo(string Version, string? Description)
{
    // Cloud Controller takes 2,000 characters of JSON (B5); a character may be six there (\u00fc).
    private const int MaximumVersionLength = 100;
    private const int MaximumDescriptionLength = 300;

    /// <summary>Null without a version.</summary>
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
                $"is set without Broker:Catalog:{plan}MaintenanceVersion: set both or none.",
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

    // The grammar of semver.org: three numbers without leading zeros, a pre-release whose numbers have none, and a build.
    [GeneratedRegex(
        @"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?\z"
    )]
    private static partial Regex SemanticVersion();
}
