using System.Text.Json.Serialization;

namespace AivenMetrics.Feed;

/// <summary>
/// The feeds' JSON: snake_case names, no nulls written, unknown members ignored so that either side may be newer. A member that is there
/// twice is a fault: the second would hide the first.
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
