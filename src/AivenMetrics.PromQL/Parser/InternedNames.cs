using System.Collections.Frozen;

namespace AivenMetrics.PromQL;

/// <summary>Returns names as strings and reuses the instances of frequent names.</summary>
internal static class InternedNames
{
    private static readonly FrozenSet<string> Common = FrozenSet.ToFrozenSet(
        [
            "__name__",
            "instance",
            "job",
            "le",
            "code",
            "host",
            "name",
            "path",
            "cpu",
            "device",
            "interface",
            "mode",
            "state",
            "status",
            "method",
            "topic",
            "datname",
            "quantile",
            "aiven_project",
            "aiven_service_name",
            "aiven_service_type",
            "aiven_hostname",
            "aiven_plan",
            "aiven_cloud",
            "organization_id",
            "space_id",
            "service_instance_id",
            "organization_name",
            "space_name",
            "service_instance_name",
            "up",
        ],
        StringComparer.Ordinal
    );

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> CommonBySpan = Common.GetAlternateLookup<
        ReadOnlySpan<char>
    >();

    public static string Get(ReadOnlySpan<char> text) => CommonBySpan.TryGetValue(text, out var name) ? name : text.ToString();
}
