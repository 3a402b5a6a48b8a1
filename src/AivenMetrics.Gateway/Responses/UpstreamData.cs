using System.Text.Json;
using AivenMetrics.Gateway.Requests;

namespace AivenMetrics.Gateway.Responses;

/// <summary>What a filter works on.</summary>
/// <param name="Data">What a Prometheus answered, its <c>data</c>.</param>
/// <param name="Scope">The scope of the credential.</param>
/// <param name="Parameters">The parameters of the request.</param>
internal sealed record UpstreamData(JsonElement Data, ScopeLabels Scope, RequestParameters Parameters)
{
    /// <summary>The elements of a list of <see cref="Data"/>; none if there is no such list.</summary>
    public IEnumerable<JsonElement> GetDataList(string name) => GetList(Data, name);

    /// <summary>The elements of a list that is a member; none if there is no such list.</summary>
    public static IEnumerable<JsonElement> GetList(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray()
            : [];

    /// <summary>A member that is a string, or the empty text.</summary>
    public static string GetText(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()!
            : "";

    /// <summary>A member as it is; undefined, which holds nothing, if there is none.</summary>
    public static JsonElement GetMember(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var member) ? member : default;
}
