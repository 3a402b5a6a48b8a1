using System.Text.RegularExpressions;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests;

/// <summary>Rules of CONTRIBUTING.md that neither the compiler nor the formatter checks.</summary>
public sealed partial class RepositoryTests
{
    private const int MaximumColumns = 140;

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
        var projects = Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories).ToList();

        Assert.True(projects.Count > 10, $"found {projects.Count}");
        Assert.DoesNotContain(projects, project => File.ReadAllText(project).Contains("<Compile Include=\"..", StringComparison.Ordinal));
    }

    [Fact]
    public void The_version_is_defined_in_one_place()
    {
        var projects = Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories);

        Assert.Matches(
            "<Version>[0-9]+\\.[0-9]+\\.[0-9]+</Version>",
            File.ReadAllText(Path.Combine(Repository.Root, "Directory.Build.props"))
        );
        Assert.DoesNotContain(projects, project => File.ReadAllText(project).Contains("<Version", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !BuildOutput().IsMatch(Path.GetRelativePath(Repository.Root, file)));

    private static IEnumerable<string> LongLines(string file)
    {
        var inRawLiteral = false;
        foreach (var (index, line) in File.ReadLines(file).Index())
        {
            var isRaw = inRawLiteral || line.Contains("\"\"\"", StringComparison.Ordinal);
            inRawLiteral ^= RawQuotes().Count(line) % 2 == 1;
            if (!isRaw && line.Length > MaximumColumns)
            {
                yield return $"{Path.GetRelativePath(Repository.Root, file)}:{index + 1} has {line.Length} columns";
            }
        }
    }

    [GeneratedRegex("(^|/)(bin|obj)/")]
    private static partial Regex BuildOutput();

    [GeneratedRegex("\"\"\"")]
    private static partial Regex RawQuotes();
}
