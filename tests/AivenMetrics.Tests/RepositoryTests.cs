using System.Text.RegularExpressions;
using Xunit;

namespace AivenMetrics.Tests;

/// <summary>Rules of CONTRIBUTING.md that neither the compiler nor the formatter checks.</summary>
public sealed partial class RepositoryTests
{
    private const int MaximumColumns = 140;

    private static readonly string Root = FindRoot();

    [Fact]
    public void No_line_of_the_product_has_more_than_140_columns_except_text_that_users_copy()
    {
        // Lines of raw string literals are examples and queries that must stay in one piece.
        var tooLong = Sources("src").SelectMany(file => LongLines(file)).ToList();

        Assert.Empty(tooLong);
    }

    [Fact]
    public void No_project_compiles_a_file_of_another_project()
    {
        var projects = Directory.EnumerateFiles(Root, "*.csproj", SearchOption.AllDirectories).ToList();

        Assert.True(projects.Count > 10, $"found {projects.Count}");
        Assert.DoesNotContain(projects, project => File.ReadAllText(project).Contains("<Compile Include=\"..", StringComparison.Ordinal));
    }

    [Fact]
    public void The_version_is_defined_in_one_place()
    {
        var projects = Directory.EnumerateFiles(Root, "*.csproj", SearchOption.AllDirectories);

        Assert.Matches("<Version>[0-9]+\\.[0-9]+\\.[0-9]+</Version>", File.ReadAllText(Path.Combine(Root, "Directory.Build.props")));
        Assert.DoesNotContain(projects, project => File.ReadAllText(project).Contains("<Version", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !BuildOutput().IsMatch(Path.GetRelativePath(Root, file)));

    private static IEnumerable<string> LongLines(string file)
    {
        var inRawLiteral = false;
        foreach (var (index, line) in File.ReadLines(file).Index())
        {
            var isRaw = inRawLiteral || line.Contains("\"\"\"", StringComparison.Ordinal);
            inRawLiteral ^= RawQuotes().Count(line) % 2 == 1;
            if (!isRaw && line.Length > MaximumColumns)
            {
                yield return $"{Path.GetRelativePath(Root, file)}:{index + 1} has {line.Length} columns";
            }
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AivenMetrics.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("AivenMetrics.sln is in no folder above the tests.");
        }
        return folder.FullName;
    }

    [GeneratedRegex("(^|/)(bin|obj)/")]
    private static partial Regex BuildOutput();

    [GeneratedRegex("\"\"\"")]
    private static partial Regex RawQuotes();
}
