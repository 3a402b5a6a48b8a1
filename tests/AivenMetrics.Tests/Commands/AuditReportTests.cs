using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using AivenMetrics.Commands;
using Spectre.Console;
using Xunit;

namespace AivenMetrics.Tests.Commands;

/// <summary>Tests the output of <c>aiven-metrics audit</c>.</summary>
public sealed class AuditReportTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, 5, TimeSpan.Zero);

    private static readonly AuditQuery All = new(null, null, null, 100);

    private static AuditRecord Entry(string? platform, string? identity, string description = "Deleted.", string? binding = null) =>
        new(
            Noon,
            "Deprovision",
            new InstanceId("i-1"),
            binding is null ? null : new BindingId(binding),
            new Actor("broker", platform, identity, "r-1"),
            AuditResult.Succeeded,
            description
        );

    [Theory]
    [InlineData("cloudfoundry", """{"user_id":"u-1"}""", "u-1 (cloudfoundry)")]
    [InlineData("cloudfoundry", """{"user_id":"u-1","user_name":"ann"}""", "ann (cloudfoundry)")]
    [InlineData("kubernetes", """{"groups":["g"],"uid":"7","username":"bob"}""", "bob (kubernetes)")]
    [InlineData("other", """{"uid":7}""", "7 (other)")]
    [InlineData("other", """{"nothing":"known"}""", "? (other)")]
    [InlineData("cloudfoundry", """{"user_id":"a","user_id":"b"}""", "b (cloudfoundry)")]
    [InlineData(null, null, "broker (no user named)")]
    public void Osb_129_the_user_of_the_originating_identity_is_named(string? platform, string? identity, string expected) =>
        Assert.Equal(expected, AuditReport.DescribeActor(Entry(platform, identity).Actor));

    [Fact]
    public void The_broker_as_actor_is_named_the_broker() => Assert.Equal("the broker", AuditReport.DescribeActor(Actor.Broker));

    [Fact]
    public void Text_is_aligned_and_contains_no_control_characters_of_tenants()
    {
        using var writer = new StringWriter { NewLine = "\n" };

        AuditReport.WriteText([Entry(null, null, "evil\u001b[2J\nline", "b-1"), Entry(null, null)], All, writer);

        Assert.Equal(
            """
            time                      action       result     who                     instance  binding  description
            2026-11-23T12:00:00.005Z  Deprovision  succeeded  broker (no user named)  i-1       b-1      evil�[2J�line
            2026-11-23T12:00:00.005Z  Deprovision  succeeded  broker (no user named)  i-1       -        Deleted.

            """.ReplaceLineEndings("\n"),
            writer.ToString()
        );
    }

    [Fact]
    public void Columns_that_the_query_fixes_are_omitted()
    {
        using var writer = new StringWriter { NewLine = "\n" };

        AuditReport.WriteText(
            [Entry(null, null, binding: "b-1")],
            All with
            {
                Instance = new InstanceId("i-1"),
                Binding = new BindingId("b-1"),
            },
            writer
        );

        Assert.Equal(
            """
            time                      action       result     who                     description
            2026-11-23T12:00:00.005Z  Deprovision  succeeded  broker (no user named)  Deleted.

            """.ReplaceLineEndings("\n"),
            writer.ToString()
        );
    }

    [Fact]
    public void A_table_contains_every_entry()
    {
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 200;

        AuditReport.WriteTable([Entry("cloudfoundry", """{"user_id":"[red]u-1[/]"}""")], All, console);

        Assert.Contains("[red]u-1[/] (cloudfoundry)", writer.ToString(), StringComparison.Ordinal);
        Assert.Contains("Deprovision", writer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void JSON_is_one_object_per_line_with_the_decoded_identity_and_without_nulls()
    {
        using var writer = new StringWriter { NewLine = "\n" };

        AuditReport.WriteJson([Entry("cloudfoundry", """{"user_id":"u-1"}""", binding: "b-1"), Entry(null, null)], writer);

        var lines = writer.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            """
            {"at":"2026-11-23T12:00:00.005Z","action":"Deprovision","instance_id":"i-1","binding_id":"b-1",
            "who":"u-1 (cloudfoundry)","broker_user":"broker","platform":"cloudfoundry","identity":{"user_id":"u-1"},
            "request_identity":"r-1","result":"succeeded","description":"Deleted."}
            """.ReplaceLineEndings(""),
            lines[0]
        );
        Assert.DoesNotContain("null", lines[1], StringComparison.Ordinal);
        Assert.Equal("broker (no user named)", (string?)JsonNode.Parse(lines[1])!["who"]);
    }

    [Theory]
    [InlineData("2026-11-23", "2026-11-23T00:00:00Z")]
    [InlineData("2026-11-23T10:30", "2026-11-23T10:30:00Z")]
    [InlineData("2026-11-23T10:30:15Z", "2026-11-23T10:30:15Z")]
    [InlineData("2026-11-23T10:30:15.25+01:00", "2026-11-23T09:30:15.25Z")]
    [InlineData("12h", "2026-11-23T00:00:00.005Z")]
    [InlineData("7d", "2026-11-16T12:00:00.005Z")]
    public void Since_is_a_time_or_an_age(string text, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected, null), AuditStartTime.Parse(text, Noon));

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("0d")]
    [InlineData("7w")]
    [InlineData("2026-13-01")]
    public void Other_values_of_since_are_invalid(string text) => Assert.Null(AuditStartTime.Parse(text, Noon));
}
