using System.Text.Json;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;
using Xunit;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>What each response means to Cloud Controller (docs/osb-conformance.md 126).</summary>
public sealed class ResponseAssessmentTests
{
    private static readonly PlanIds Ids = new("s", "p");

    [Theory]
    [InlineData(200, "{}", "Succeeded", false)]
    [InlineData(201, "{}", "Succeeded", false)]
    [InlineData(202, "{}", "InProgress", false)]
    [InlineData(200, "", "Failed", false)]
    [InlineData(201, "", "Failed", true)]
    [InlineData(202, "[]", "Failed", true)]
    [InlineData(202, """{"operation":null}""", "Failed", true)]
    [InlineData(204, "", "Failed", true)]
    [InlineData(302, "", "Failed", true)]
    [InlineData(400, "{}", "Failed", false)]
    [InlineData(401, "{}", "Failed", false)]
    [InlineData(408, "{}", "Failed", false)]
    [InlineData(409, "{}", "Failed", false)]
    [InlineData(410, "{}", "Failed", true)]
    [InlineData(422, """{"error":"AsyncRequired"}""", "Failed", false)]
    [InlineData(422, """{"error":"ConcurrencyError"}""", "Failed", false)]
    [InlineData(422, "{}", "Failed", true)]
    [InlineData(500, "{}", "Failed", true)]
    [InlineData(503, "", "Failed", true)]
    public void Provision_and_bind_responses_are_assessed_as_in_Cloud_Controller(int status, string body, string outcome, bool mitigate)
    {
        foreach (var call in (OsbCall[])[OsbCalls.Provision("i", []), OsbCalls.Bind("i", "b", [])])
        {
            var verdict = ResponseAssessment.Assess(Answered(call, status, body), bindingsRetrievable: true);

            Assert.Equal((outcome, mitigate), (verdict.Outcome.ToString(), verdict.NeedsMitigation));
        }
    }

    [Fact]
    public void MaintenanceInfoConflict_and_RequiresApp_cause_a_delete_if_the_operation_does_not_define_them()
    {
        const string maintenance = """{"error":"MaintenanceInfoConflict"}""";
        const string app = """{"error":"RequiresApp"}""";

        Assert.False(ResponseAssessment.Assess(Answered(OsbCalls.Provision("i", []), 422, maintenance), true).NeedsMitigation);
        Assert.True(ResponseAssessment.Assess(Answered(OsbCalls.Bind("i", "b", []), 422, maintenance), true).NeedsMitigation);
        Assert.True(ResponseAssessment.Assess(Answered(OsbCalls.Provision("i", []), 422, app), true).NeedsMitigation);
        Assert.False(ResponseAssessment.Assess(Answered(OsbCalls.Bind("i", "b", []), 422, app), true).NeedsMitigation);
    }

    [Fact]
    public void An_asynchronous_bind_that_cannot_be_fetched_fails_and_is_deleted()
    {
        var verdict = ResponseAssessment.Assess(Answered(OsbCalls.Bind("i", "b", []), 202, "{}"), bindingsRetrievable: false);

        Assert.Equal((OperationOutcome.Failed, true, "B2"), (verdict.Outcome, verdict.NeedsMitigation, verdict.Finding?.Requirement.Id));
    }

    [Theory]
    [InlineData("TimedOut", true)]
    [InlineData("Unreachable", false)]
    public void A_create_without_a_response_is_deleted_unless_no_connection_was_established(string how, bool mitigate)
    {
        OsbResponse response = new(OsbCalls.Provision("i", []), 0, "", null, null, null, TimeSpan.Zero)
        {
            TransportFailure = Enum.Parse<TransportFailure>(how),
        };

        Assert.Equal(new ResponseAssessment(OperationOutcome.Failed, mitigate), ResponseAssessment.Assess(response, true));
    }

    [Theory]
    [InlineData(200, "{}", "Succeeded")]
    [InlineData(202, "{}", "InProgress")]
    [InlineData(410, "", "Succeeded")]
    [InlineData(200, "", "Failed")]
    [InlineData(201, "{}", "Failed")]
    [InlineData(404, "{}", "Failed")]
    [InlineData(422, "{}", "Failed")]
    [InlineData(500, "{}", "Failed")]
    public void A_delete_never_causes_orphan_mitigation(int status, string body, string outcome)
    {
        foreach (var call in (OsbCall[])[OsbCalls.Deprovision("i", Ids), OsbCalls.Unbind("i", "b", Ids)])
        {
            var verdict = ResponseAssessment.Assess(Answered(call, status, body), bindingsRetrievable: true);

            Assert.Equal((outcome, false), (verdict.Outcome.ToString(), verdict.NeedsMitigation));
        }
    }

    private static OsbResponse Answered(OsbCall call, int status, string text)
    {
        using var document = JsonDocument.Parse(text.Length == 0 ? "null" : text);
        OsbResponse response = new(call, status, text, document.RootElement.Clone(), "application/json", null, TimeSpan.Zero);
        return response with { Findings = [.. ResponseRules.Validate(response, null), .. BodyRules.Validate(response)] };
    }
}
