using System.Text.RegularExpressions;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Docs;

/// <summary>Comments and documents cite only what a reader of the repository can open.</summary>
public sealed partial class CitationTests
{
    private static readonly string[] Folders = ["src", "tests", "docs", "db", "deploy"];
    private static readonly string[] Extensions = [".cs", ".md", ".sql", ".sh", ".yml", ".yaml", ".csproj", ".props", ".json", ""];
    private static readonly IReadOnlyList<(string Path, string[] Lines)> Files = ReadFiles();

    [Fact]
    public void Every_cited_document_exists() =>
        AssertNone(Citations(Document()).Where(citation => !File.Exists(Path.Combine(Repository.Root, citation.Value))));

    [Fact]
    public void Every_cited_requirement_of_the_conformance_document_exists()
    {
        var numbers = Headings("docs/osb-conformance.md", Requirement());
        var cited = Numbers(RequirementCitation(), "docs/osb-conformance.md".Length).ToList();

        Assert.True(cited.Count > 50, $"{cited.Count} citations");
        AssertNone(cited.Where(citation => !numbers.Contains(citation.Value)));
    }

    [Fact]
    public void Every_cited_section_of_the_founding_decisions_exists()
    {
        var sections = Headings("docs/decisions/0001-founding-decisions.md", Section());

        AssertNone(
            Numbers(SectionCitation(), "docs/decisions/0001-founding-decisions.md".Length)
                .Where(citation => !sections.Contains(citation.Value))
        );
    }

    [Fact]
    public void Nothing_cites_notes_that_are_not_in_the_repository() => AssertNone(Citations(Notes()));

    [Fact]
    public void No_comment_cites_a_bare_number() =>
        AssertNone(
            Citations(BareNumber())
                .Where(citation => citation.Place.Contains(".cs:", StringComparison.Ordinal))
                .Where(citation =>
                    citation.Place.Contains("Broker", StringComparison.Ordinal)
                    || citation.Place.Contains("StrictPlatform", StringComparison.Ordinal)
                )
        );

    private static HashSet<string> Headings(string document, Regex pattern) =>
        [
            .. File.ReadLines(Path.Combine(Repository.Root, document))
                .Select(line => pattern.Match(line))
                .Where(match => match.Success)
                .Select(match => match.Groups[1].Value),
        ];

    /// <summary>The numbers in citations, after the name of the document.</summary>
    private static IEnumerable<(string Place, string Value)> Numbers(Regex citations, int start) =>
        Citations(citations)
            .SelectMany(citation => Number().Matches(citation.Value[start..]).Select(number => (citation.Place, number.Value)));

    private static void AssertNone(IEnumerable<(string Place, string Value)> wrong)
    {
        var lines = wrong.Select(citation => $"{citation.Place}: {citation.Value.Trim()}").ToList();
        Assert.True(lines.Count == 0, string.Join('\n', lines));
    }

    private static IEnumerable<(string Place, string Value)> Citations(Regex pattern) =>
        Files.SelectMany(file =>
            file.Lines.SelectMany((line, i) => pattern.Matches(line).Select(match => ($"{file.Path}:{i + 1}", match.Value)))
        );

    private static List<(string Path, string[] Lines)> ReadFiles()
    {
        var paths = Folders
            .Select(folder => Path.Combine(Repository.Root, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Repository.Root, "*.md"))
            .Where(path => Extensions.Contains(Path.GetExtension(path)))
            .Where(path =>
                !Path.GetRelativePath(Repository.Root, path)
                    .Split(Path.DirectorySeparatorChar)
                    .Any(part => part is "bin" or "obj" or "Cases" or "TestResults")
            )
            .Where(path => Path.GetFileName(path) != "CitationTests.cs");
        return [.. paths.Select(path => (Path.GetRelativePath(Repository.Root, path), File.ReadAllLines(path)))];
    }

    [GeneratedRegex(@"(?<![\w/.])docs/[A-Za-z0-9_./-]+\.[a-z]{2,4}\b")]
    private static partial Regex Document();

    [GeneratedRegex(@"docs/osb-conformance\.md [0-9]+(?:(?:, | and | to )[0-9]+)*")]
    private static partial Regex RequirementCitation();

    [GeneratedRegex(@"docs/decisions/0001-founding-decisions\.md, sections? [0-9]+(?:(?:, | and | to )[0-9]+)*")]
    private static partial Regex SectionCitation();

    [GeneratedRegex(@"^([0-9]+)\. ")]
    private static partial Regex Requirement();

    [GeneratedRegex(@"^## ([0-9]+)\. ")]
    private static partial Regex Section();

    [GeneratedRegex(@"[0-9]+")]
    private static partial Regex Number();

    // Working notes outside of the repository, and its decisions without their file.
    [GeneratedRegex(@"(?<![\w/-])(?:osb|design|aiven-api|query-api)\.md\b|\bdesign decision\b", RegexOptions.IgnoreCase)]
    private static partial Regex Notes();

    // A number or a letter with a number in parentheses, such as (107) or (B5); "(106)" may follow a citation of the document.
    [GeneratedRegex(@"^\s*//(?!.*docs/).*?\((?:[A-D]?[0-9]{1,3}|[A-D][0-9]{1,2})(?:(?:, | to | and )[A-D]?[0-9]{1,3})*\)")]
    private static partial Regex BareNumber();
}
