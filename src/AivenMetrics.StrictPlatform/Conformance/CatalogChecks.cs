using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>The catalog (24 to 38, B5).</summary>
internal static class CatalogChecks
{
    private static readonly string[] Rules = ["24", "25", "26", "28", "29", "32", "33", "34", "B5"];

    public static IReadOnlyList<Check> All { get; } =
    [
        .. Rules.Select(rule => new Check(rule, "The catalog: " + Requirements.Of(rule).Text, async lab =>
        {
            Answer answer = await lab.Send(Asks.Catalog());
            lab.Expect(answer, "the catalog", 200);
            foreach (Finding fault in CatalogRules.Faults(answer.Body).Where(fault => fault.Requirement.Id == rule))
                lab.Violated($"{fault.Where} {fault.Seen}");
        })),
        new("26", "The catalog is the same when read twice", async lab =>
        {
            if ((await lab.Send(Asks.Catalog())).Text != (await lab.Send(Asks.Catalog())).Text)
                lab.Violated("two reads give different catalogs");
        }),
        new("35", "A conditional GET with the current entity tag is 304 without a body", async lab =>
        {
            string tag = await Tag(lab);
            foreach (string condition in (string[])[tag, $"\"other\", {tag}", "W/" + tag.Replace("W/", "", StringComparison.Ordinal), "*"])
            {
                Answer answer = await lab.Send(Asks.Catalog().With("If-None-Match", condition));
                if (lab.Expect(answer, $"If-None-Match: {condition}", 304) && (answer.Text.Length > 0 || answer.Header("ETag") != tag))
                    lab.Violated(answer.Text.Length > 0 ? "the 304 has a body" : $"the 304 has the ETag {answer.Header("ETag") ?? "(none)"} instead of {tag}");
            }
        }),
        new("35", "A conditional GET with a stale or malformed entity tag is 200", async lab =>
        {
            string tag = await Tag(lab);
            foreach (string condition in (string[])["\"stale\"", "nonsense", "\"", tag.Trim('"'), tag + "x", ",,,"])
                lab.Expect(await lab.Send(Asks.Catalog().With("If-None-Match", condition)), $"If-None-Match: {condition}", 200);
        }),
        new("35", "If-Modified-Since: 304 from Last-Modified on, 200 before it or malformed", async lab =>
        {
            Answer answer = await lab.Send(Asks.Catalog());
            string? modified = answer.LastModified;
            Lab.Needs(modified is not null, "the catalog has no Last-Modified");
            lab.Expect(await lab.Send(Asks.Catalog().With("If-Modified-Since", modified)), "the time of Last-Modified", 304);
            lab.Expect(await lab.Send(Asks.Catalog().With("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")), "an old time", 200);
            lab.Expect(await lab.Send(Asks.Catalog().With("If-Modified-Since", "yesterday")), "a malformed time", 200);
            lab.Expect(await lab.Send(Asks.Catalog().With("If-Modified-Since", modified).With("If-None-Match", "\"stale\"")), "a current time beside a stale tag, which wins", 200);
        }),
    ];

    private static async Task<string> Tag(Lab lab)
    {
        string? tag = (await lab.Send(Asks.Catalog())).Header("ETag");
        Lab.Needs(tag is not null, "the catalog has no ETag");
        return tag!;
    }
}
