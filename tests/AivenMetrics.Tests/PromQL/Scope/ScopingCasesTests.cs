using AivenMetrics.PromQL;
using Xunit;

namespace AivenMetrics.Tests.PromQL;

/// <summary>
/// Runs the cases in Cases/scoping. Each folder is named after its rule and contains query.promql and either expected.promql or error.txt.
/// The scope is <c>{space_id="space-1"}</c> unless scope.promql contains another one.
/// </summary>
public class ScopingCasesTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "PromQL", "Cases", "scoping");

    public static TheoryData<string> Cases =>
        [.. Directory.GetDirectories(Folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_query_is_scoped_or_rejected_as_in_its_case(string name)
    {
        var query = Read(name, "query.promql")!;
        var scope = new TenantScope(PromQLParser.ParseMetricSelector(Read(name, "scope.promql") ?? "{space_id=\"space-1\"}").Matchers);
        if (Read(name, "expected.promql") is { } expected)
        {
            Assert.Equal(expected, Printer.Print(ScopeRewriter.Apply(PromQLParser.Parse(query), scope)));
            Assert.Null(Read(name, "error.txt"));
        }
        else
        {
            Assert.Equal(Read(name, "error.txt"), Assert.Throws<PromQLParseException>(() => PromQLParser.Parse(query)).Message);
        }
    }

    private static string? Read(string name, string file)
    {
        var path = Path.Combine(Folder, name, file);
        return File.Exists(path) ? File.ReadAllText(path).TrimEnd('\n') : null;
    }
}
