using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>The catalog (requirements 24 to 38, and B5).</summary>
internal static class CatalogChecks
{
    private static readonly string[] Rules = ["24", "25", "26", "28", "29", "32", "33", "34", "B5"];

    public static IReadOnlyList<Check> All { get; } =
    [.. Rules.Select(rule => new Check(rule, "The catalog: " + Requirements.Get(rule).Text, async context =>
        {
            var response = await context.SendAsync(OsbCalls.Catalog());
            context.Expect(response, "the catalog", 200);
            foreach (var finding in CatalogRules.Validate(response.Body).Where(finding => finding.Requirement.Id == rule))
            {
                context.ReportViolation($"{finding.Location} {finding.Observation}");
            }
        })), new("26", "The catalog is equal when read twice", async context =>
        {
            if ((await context.SendAsync(OsbCalls.Catalog())).BodyText != (await context.SendAsync(OsbCalls.Catalog())).BodyText)
            {
                context.ReportViolation("two reads return different catalogs");
            }
        }), new("35", "A conditional GET with the current entity tag is 304 without a body", async context =>
        {
            var tag = await ReadEntityTagAsync(context);
            foreach (var condition in (string[])[tag, $"\"other\", {tag}", "W/" + tag.Replace("W/", "", StringComparison.Ordinal), "*"])
            {
                var response = await context.SendAsync(OsbCalls.Catalog().WithHeader("If-None-Match", condition));
                if (
                    context.Expect(response, $"If-None-Match: {condition}", 304)
                    && (response.BodyText.Length > 0 || response.Header("ETag") != tag)
                )
                {
                    context.ReportViolation(
                        response.BodyText.Length > 0
                            ? "the 304 has a body"
                            : $"the 304 has the ETag {response.Header("ETag") ?? "(none)"} instead of {tag}"
                    );
                }
            }
        }), new("35", "A conditional GET with a stale or malformed entity tag is 200", async context =>
        {
            var tag = await ReadEntityTagAsync(context);
            foreach (var condition in (string[])["\"stale\"", "nonsense", "\"", tag.Trim('"'), tag + "x", ",,,"])
            {
                context.Expect(
                    await context.SendAsync(OsbCalls.Catalog().WithHeader("If-None-Match", condition)),
                    $"If-None-Match: {condition}",
                    200
                );
            }
        }), new("35", "If-Modified-Since is 304 from Last-Modified on, and 200 before it or if it is malformed", async context =>
        {
            var response = await context.SendAsync(OsbCalls.Catalog());
            var modified = response.LastModified;
            ConformanceContext.Require(modified is not null, "the catalog has no Last-Modified");
            context.Expect(
                await context.SendAsync(OsbCalls.Catalog().WithHeader("If-Modified-Since", modified)),
                "the time of Last-Modified",
                304
            );
            context.Expect(
                await context.SendAsync(OsbCalls.Catalog().WithHeader("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")),
                "an old time",
                200
            );
            context.Expect(
                await context.SendAsync(OsbCalls.Catalog().WithHeader("If-Modified-Since", "yesterday")),
                "a malformed time",
                200
            );
            context.Expect(
                await context.SendAsync(
                    OsbCalls.Catalog().WithHeader("If-Modified-Since", modified).WithHeader("If-None-Match", "\"stale\"")
                ),
                "a current time with a stale tag, which takes precedence",
                200
            );
        })];

    private static async Task<string> ReadEntityTagAsync(ConformanceContext context)
    {
        var tag = (await context.SendAsync(OsbCalls.Catalog())).Header("ETag");
        ConformanceContext.Require(tag is not null, "the catalog has no ETag");
        return tag!;
    }
}
