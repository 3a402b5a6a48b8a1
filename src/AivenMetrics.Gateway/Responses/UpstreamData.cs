using System.Text.Json;
using AivenMetrics.Gateway.Requests;

namespace AivenMetrics.Gateway.Responses;

/// <summary>The data of a server's response, with the scope and the parameters of the request.</summary>
/// <param name="Data">The <c>data</c> of the response; undefined if there is none.</param>
/// <param name="Scope">The scope of the credential.</param>
/// <param name="Parameters">The parameters of the request.</param>
internal sealed record UpstreamData(JsonElement Data, ScopeFilter Scope, RequestParameters Parameters)
{
    /// <summary>Returns the elements of a list in <see cref="Data"/>; empty if there is no such list.</summary>
    public IEnumerable<JsonElement> GetDataList(string name) => GetList(Data, name);

    /// <summary>Returns the elements of a list; empty if there is no such list.</summary>
    public static IEnumerable<JsonElement> GetList(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray()
            : [];

    /// <summary>Returns a member that is a string; empty if there is none.</summary>
    public static string GetText(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()!
            : "";

    /// <summary>Returns a member; undefined if there is none.</summary>
    public static JsonElement GetMember(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var member) ? member : default;
}
