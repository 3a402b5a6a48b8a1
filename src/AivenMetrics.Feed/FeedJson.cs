using System.Text.Json.Serialization;

namespace AivenMetrics.Feed;

/// <summary>
/// The JSON of the feeds: snake_case names, nulls omitted. Unknown members are ignored, so that either side can be newer. Duplicate members
/// are an error, because the second would hide the first.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip
)]
[JsonSerializable(typeof(TargetFeed))]
[JsonSerializable(typeof(CredentialFeed))]
public sealed partial class FeedJson : JsonSerializerContext;
