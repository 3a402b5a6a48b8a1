using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>With what a broker is checked.</summary>
/// <param name="Offering">Name; null: the first of the catalog.</param>
/// <param name="Plan">Name of the plan that instances get; null: the first of the offering.</param>
/// <param name="Parameters">Of provisions; null: none.</param>
/// <param name="BindParameters">Of binds; null: none.</param>
/// <param name="OtherBindParameters">Valid ones that differ, for conflicts; null: made up, and 400 is accepted too.</param>
/// <param name="Requirements">Only checks of these; empty: all.</param>
/// <param name="PollInterval">Between two polls, unless Retry-After says more.</param>
/// <param name="OperationTimeout">How long an operation may take.</param>
internal sealed record ConformanceOptions(
    PlatformTenant Tenant,
    string? Offering,
    string? Plan,
    JsonObject? Parameters,
    JsonObject? BindParameters,
    JsonObject? OtherBindParameters,
    IReadOnlyList<string> Requirements,
    TimeSpan PollInterval,
    TimeSpan OperationTimeout
);
