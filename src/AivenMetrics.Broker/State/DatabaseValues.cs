using System.Text.Json;
using System.Text.Json.Serialization;

namespace AivenMetrics.Broker.State;

/// <summary>Converts enumerations, times and lists to and from database values.</summary>
internal static class DatabaseValues
{
    public static string ToText(this OperationState state) =>
        state switch
        {
            OperationState.InProgress => "in progress",
            OperationState.Succeeded => "succeeded",
            OperationState.Failed => "failed",
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not an operation state."),
        };

    public static OperationState ToOperationState(string text) =>
        text switch
        {
            "in progress" => OperationState.InProgress,
            "succeeded" => OperationState.Succeeded,
            "failed" => OperationState.Failed,
            _ => throw new InvalidDataException($"The database holds the unknown operation state '{text}'."),
        };

    public static string ToText(this PlanScope scope) =>
        scope switch
        {
            PlanScope.Space => "space",
            PlanScope.Services => "services",
            _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, "Not a plan scope."),
        };

    public static PlanScope ToPlanScope(string text) =>
        text switch
        {
            "space" => PlanScope.Space,
            "services" => PlanScope.Services,
            _ => throw new InvalidDataException($"The database holds the unknown plan scope '{text}'."),
        };

    public static string ToText(this AuditResult result) =>
        result switch
        {
            AuditResult.Begun => "begun",
            AuditResult.Succeeded => "succeeded",
            AuditResult.Failed => "failed",
            AuditResult.Refused => "refused",
            _ => throw new ArgumentOutOfRangeException(nameof(result), result, "Not an audit result."),
        };

    public static AuditResult ToAuditResult(string text) =>
        text switch
        {
            "begun" => AuditResult.Begun,
            "succeeded" => AuditResult.Succeeded,
            "failed" => AuditResult.Failed,
            "refused" => AuditResult.Refused,
            _ => throw new InvalidDataException($"The database holds the unknown audit result '{text}'."),
        };

    public static long ToUnixMilliseconds(this DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static DateTimeOffset FromUnixMilliseconds(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static DateTimeOffset? FromUnixMilliseconds(long? milliseconds) =>
        milliseconds is { } value ? FromUnixMilliseconds(value) : null;

    public static string ScrapeHostsToJson(IReadOnlyList<ScrapeHostRecord> hosts) =>
        JsonSerializer.Serialize(hosts, StateJson.Default.IReadOnlyListScrapeHostRecord);

    public static IReadOnlyList<ScrapeHostRecord> ScrapeHostsFromJson(string json) =>
        JsonSerializer.Deserialize(json, StateJson.Default.IReadOnlyListScrapeHostRecord) ?? [];
}

/// <summary>JSON serialization of columns.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(IReadOnlyList<ScrapeHostRecord>))]
[JsonSerializable(typeof(BindingSnapshot))]
internal sealed partial class StateJson : JsonSerializerContext;
