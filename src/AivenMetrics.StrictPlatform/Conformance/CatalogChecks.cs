using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>The catalog (24 to 38, B5).</summary>
internal static class CatalogChecks
{
    private static readonly string[] Rules = ["24", "25", "26", "28", "29", "32", "33", "34", "B5"];

    public static IReadOnlyList<Check> All { get; } =
    [.. Rules.Select(rule => new Check(rule, "The catalog: " + Requirements.Get(rule).Text, async lab =>
        {
            var answer = await lab.SendAsync(OsbCalls.Catalog());
            lab.Expect(answer, "the catalog", 200);
            foreach (var fault in CatalogRules.Validate(answer.Body).Where(fault => fault.Requirement.Id == rule))
            {
                lab.ReportViolation($"{fault.Location} {fault.Observation}");
            }
        })), new("26", "The catalog is the same when read twice", async lab =>
        {
            if ((await lab.SendAsync(OsbCalls.Catalog())).BodyText != (await lab.SendAsync(OsbCalls.Catalog())).BodyText)
            {
                lab.ReportViolation("two reads give different catalogs");
            }
        }), new("35", "A conditional GET with the current entity tag is 304 without a body", async lab =>
        {
            var tag = await ReadEntityTagAsync(lab);
            foreach (var condition in (string[])[tag, $"\"other\", {tag}", "W/" + tag.Replace("W/", "", StringComparison.Ordinal), "*"])
            {
                var answer = await lab.SendAsync(OsbCalls.Catalog().WithHeader("If-None-Match", condition));
                if (lab.Expect(answer, $"If-None-Match: {condition}", 304) && (answer.BodyText.Length > 0 || answer.Header("ETag") != tag))
                {
                    lab.ReportViolation(
                        answer.BodyText.Length > 0
                            ? "the 304 has a body"
                            : $"the 304 has the ETag {answer.Header("ETag") ?? "(none)"} instead of {tag}"
                    );
                }
            }
        }), new("35", "A conditional GET with a stale or malformed entity tag is 200", async lab =>
        {
            var tag = await ReadEntityTagAsync(lab);
            foreach (var condition in (string[])["\"stale\"", "nonsense", "\"", tag.Trim('"'), tag + "x", ",,,"])
            {
                lab.Expect(
                    await lab.SendAsync(OsbCalls.Catalog().WithHeader("If-None-Match", condition)),
                    $"If-None-Match: {condition}",
                    200
                );
            }
        }), new("35", "If-Modified-Since: 304 from Last-Modified on, 200 before it or malformed", async lab =>
        {
            var answer = await lab.SendAsync(OsbCalls.Catalog());
            var modified = answer.LastModified;
            ConformanceContext.Require(modified is not null, "the catalog has no Last-Modified");
            lab.Expect(await lab.SendAsync(OsbCalls.Catalog().WithHeader("If-Modified-Since", modified)), "the time of Last-Modified", 304);
            lab.Expect(
                await lab.SendAsync(OsbCalls.Catalog().WithHeader("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")),
                "an old time",
                200
            );
            lab.Expect(await lab.SendAsync(OsbCalls.Catalog().WithHeader("If-Modified-Since", "yesterday")), "a malformed time", 200);
            lab.Expect(
                await lab.SendAsync(OsbCalls.Catalog().WithHeader("If-Modified-Since", modified).WithHeader("If-None-Match", "\"stale\"")),
                "a current time beside a stale tag, which wins",
                200
            );
        })];

    private static async Task<string> ReadEntityTagAsync(ConformanceContext lab)
    {
        var tag = (await lab.SendAsync(OsbCalls.Catalog())).Header("ETag");
        ConformanceContext.Require(tag is not null, "the catalog has no ETag");
        return tag!;
    }
}
