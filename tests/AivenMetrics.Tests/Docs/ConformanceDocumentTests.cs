using System.Text;
using System.Text.RegularExpressions;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Docs;

/// <summary>Tests that <c>docs/osb-conformance.md</c> lists every requirement of the specification with the tests that prove it.</summary>
public sealed partial class ConformanceDocumentTests
{
    private const int Requirements = 133;
    private const string Excuse = "Does not apply: ";

    private static readonly string Document = Path.Combine(Repository.Root, "docs", "osb-conformance.md");

    [Fact]
    public void Every_requirement_is_listed_once_and_in_order() =>
        Assert.Equal(Enumerable.Range(1, Requirements), Entries().Select(entry => entry.Number));

    [Fact]
    public void Every_requirement_has_a_test_or_a_reason_why_it_does_not_apply() =>
        Assert.Equal("", string.Join(", ", Entries().Where(entry => entry.Proofs.Count == 0).Select(entry => entry.Number)));

    [Fact]
    public void Every_requirement_that_does_not_apply_has_one_reason_and_no_test() =>
        Assert.All(Entries().Where(entry => entry.Proofs.Any(proof => proof.StartsWith(Excuse, StringComparison.Ordinal))), entry =>
            Assert.True(entry.Proofs.Count == 1 && entry.Proofs[0].EndsWith('.'), $"{entry.Number}: {string.Join("; ", entry.Proofs)}")
        );

    [Fact]
    public void Every_numbered_test_is_listed_under_its_number_and_every_listed_test_exists()
    {
        var tests = Tests();
        var text = new StringBuilder();
        foreach (var line in Lines(tests))
        {
            text.Append(line).Append('\n');
        }

        if (text.ToString() != File.ReadAllText(Document))
        {
            var made = Path.Combine(Path.GetTempPath(), "osb-conformance.md");
            File.WriteAllText(made, text.ToString());
            Assert.Fail($"docs/osb-conformance.md does not match the existing tests. Review {made} and copy it to docs.");
        }
    }

    /// <summary>
    /// Returns the expected document: below each requirement the listed tests that still exist, then further tests with its number.
    /// </summary>
    private static IEnumerable<string> Lines(HashSet<string> tests)
    {
        foreach (var (line, entry) in Parse())
        {
            if (entry is null)
            {
                yield return line;
                continue;
            }

            yield return line;
            var own = tests.Where(test => Numbers(test).Contains(entry.Number)).Order(StringComparer.Ordinal);
            var kept = entry.Proofs.Where(proof => tests.Contains(proof) || proof.StartsWith(Excuse, StringComparison.Ordinal));
            foreach (var proof in kept.Concat(own).Distinct())
            {
                yield return $"   - {proof}";
            }
        }
    }

    /// <summary>Returns the numbers at the start of a test name, such as <c>Osb_105_106_both_stay_valid</c>.</summary>
    private static IEnumerable<int> Numbers(string test) =>
        NumberPrefix()
            .Match(test)
            .Groups[1]
            .Captures.Select(number => int.Parse(number.ValueSpan, System.Globalization.CultureInfo.InvariantCulture));

    private static IEnumerable<Entry> Entries() => Parse().Select(pair => pair.Entry).OfType<Entry>();

    /// <summary>Parses each line of the document. A proof belongs to the requirement above it.</summary>
    private static IEnumerable<(string Line, Entry? Entry)> Parse()
    {
        var lines = File.ReadAllLines(Document);
        for (var i = 0; i < lines.Length; i++)
        {
            var requirement = Requirement().Match(lines[i]);
            if (!requirement.Success)
            {
                yield return (lines[i], null);
                continue;
            }

            var line = lines[i];
            var proofs = new List<string>();
            while (i + 1 < lines.Length && lines[i + 1].StartsWith("   - ", StringComparison.Ordinal))
            {
                proofs.Add(lines[++i][5..]);
            }
            yield return (
                line,
                new Entry(int.Parse(requirement.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), proofs)
            );
        }
    }

    /// <summary>Returns every test of every project as <c>Class.Method</c>, read from the sources.</summary>
    private static HashSet<string> Tests()
    {
        var tests = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests*.cs", SearchOption.AllDirectories))
        {
            var source = File.ReadAllText(path);
            if (Class().Match(source) is { Success: true } type)
            {
                tests.UnionWith(Test().Matches(source).Select(test => $"{type.Groups[1].Value}.{test.Groups[1].Value}"));
            }
        }

        return tests;
    }

    private sealed record Entry(int Number, List<string> Proofs);

    [GeneratedRegex(@"^([0-9]+)\. ")]
    private static partial Regex Requirement();

    [GeneratedRegex(@"\.Osb(?:_([0-9]+))+_")]
    private static partial Regex NumberPrefix();

    [GeneratedRegex(@"^public [a-z ]*class (\w+Tests)\b", RegexOptions.Multiline)]
    private static partial Regex Class();

    // Matches the attributes of a test and its method. Theory data can have any number of lines.
    [GeneratedRegex(
        @"^    \[(?:Fact|Theory)\b[^\n]*\n(?:    (?:\[|    |\))[^\n]*\n)*?    public (?:async )?(?:Task|void) (\w+)\(",
        RegexOptions.Multiline
    )]
    private static partial Regex Test();
}
