using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AivenMetrics.Simulator.Api;

/// <summary>The tags of a service.</summary>
internal static partial class TagCalls
{
    public static JsonObject Get(ApiCall call) => new() { ["tags"] = View(call.Service.Tags) };

    public static JsonObject Replace(ApiCall call)
    {
        var service = call.Service;
        service.Tags = Read(call.Body.Object("tags"));
        service.UpdatedAt = call.Now;
        return new() { ["message"] = "tags updated" };
    }

    public static JsonObject Merge(ApiCall call)
    {
        var service = call.Service;
        var changes = call.Body.Object("tags");
        var removed = changes.Where(tag => tag.Value is null).Select(tag => tag.Key).ToList();
        foreach (var key in removed)
        {
            changes.Remove(key);
        }
        var merged = new SortedDictionary<string, string>(service.Tags, StringComparer.Ordinal);
        foreach (var (key, value) in Read(changes))
        {
            merged[key] = value;
        }
        foreach (var key in removed)
        {
            merged.Remove(key);
        }
        (service.Tags, service.UpdatedAt) = (merged, call.Now);
        return new() { ["message"] = "tags updated" };
    }

    public static JsonObject View(IReadOnlyDictionary<string, string> tags) =>
        new([.. tags.Select(tag => KeyValuePair.Create<string, JsonNode?>(tag.Key, tag.Value))]);

    /// <exception cref="AivenApiException">400: Aiven does not allow a key or value.</exception>
    public static SortedDictionary<string, string> Read(JsonObject tags)
    {
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
        {
            if (!Key().IsMatch(key))
            {
                throw AivenErrors.Invalid("Invalid tag key: use 1-64 letters, digits, underscores and hyphens, starting with a letter");
            }
            if (value is not JsonValue text || !text.TryGetValue(out string? content) || content.Length > 64)
            {
                throw AivenErrors.Invalid($"Invalid value of tag {key}: it must be a string of at most 64 characters");
            }
            result[key] = content;
        }

        return result;
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_-]{0,63}\z")]
    private static partial Regex Key();
}
