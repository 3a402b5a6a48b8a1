using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Options of the conformance checks.</summary>
/// <param name="Offering">Name of the offering; null for the first of the catalog.</param>
/// <param name="Plan">Name of the plan; null for the first of the offering.</param>
/// <param name="Parameters">Parameters of provisions; null for none.</param>
/// <param name="BindParameters">Parameters of binds; null for none.</param>
/// <param name="OtherBindParameters">
/// Other valid parameters of binds, to test conflicts; null for an unknown parameter, for which 400 is accepted too.
/// </param>
/// <param name="Requirements">Ids of requirements whose checks run; empty for all.</param>
/// <param name="PollInterval">Time between two polls, unless Retry-After is longer.</param>
/// <param name="OperationTimeout">Maximum duration of an asynchronous operation.</param>
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
