using System.Text.Json;
using System.Text.Json.Serialization;

namespace AivenMetrics.Broker.State;

/// <summary>How enums, times and lists are written in the database.</summary>
internal static class Words
{
    public static string Word(this OperationState state) => state switch
    {
        OperationState.InProgress => "in progress",
        OperationState.Succeeded => "succeeded",
        OperationState.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not an operation state."),
    };

    public static OperationState ToOperationState(string word) => word switch
    {
        "in progress" => OperationState.InProgress,
        "succeeded" => OperationState.Succeeded,
        "failed" => OperationState.Failed,
        _ => throw new InvalidDataException($"The database holds the unknown operation state '{word}'."),
    };

    public static string Word(this PlanScope scope) => scope switch
    {
        PlanScope.Space => "space",
        PlanScope.Services => "services",
        _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, "Not a plan scope."),
    };

    public static PlanScope ToPlanScope(string word) => word switch
    {
        "space" => PlanScope.Space,
        "services" => PlanScope.Services,
        _ => throw new InvalidDataException($"The database holds the unknown plan scope '{word}'."),
    };

    public static string Word(this AuditResult result) => result switch
    {
        AuditResult.Begun => "begun",
        AuditResult.Succeeded => "succeeded",
        AuditResult.Failed => "failed",
        AuditResult.Refused => "refused",
        _ => throw new ArgumentOutOfRangeException(nameof(result), result, "Not an audit result."),
    };

    public static AuditResult ToAuditResult(string word) => word switch
    {
        "begun" => AuditResult.Begun,
        "succeeded" => AuditResult.Succeeded,
        "failed" => AuditResult.Failed,
        "refused" => AuditResult.Refused,
        _ => throw new InvalidDataException($"The database holds the unknown audit result '{word}'."),
    };

    public static long Milliseconds(this DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } value ? Time(value) : null;

    public static string Json(IReadOnlyList<ScrapeHostRecord> hosts) =>
        JsonSerializer.Serialize(hosts, StateJson.Default.IReadOnlyListScrapeHostRecord);

    public static IReadOnlyList<ScrapeHostRecord> ScrapeHosts(string json) =>
        JsonSerializer.Deserialize(json, StateJson.Default.IReadOnlyListScrapeHostRecord) ?? [];
}

/// <summary>JSON inside columns.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<ScrapeHostRecord>))]
[JsonSerializable(typeof(BindingSnapshot))]
internal sealed partial class StateJson : JsonSerializerContext;
