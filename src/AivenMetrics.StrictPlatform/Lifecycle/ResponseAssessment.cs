using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>What an answer means to the platform.</summary>
internal enum OperationOutcome
{
    Succeeded,
    InProgress,
    Failed,
}

/// <summary>The platform's reading of an answer, as Cloud Controller reads it (B2, 126).</summary>
/// <param name="NeedsMitigation">The broker may have made something that nobody will use: it is deleted.</param>
/// <param name="Finding">What the answer broke; null: it was a proper answer, if only a refusal.</param>
internal sealed record ResponseAssessment(OperationOutcome Outcome, bool NeedsMitigation = false, Finding? Finding = null)
{
    private static readonly ResponseAssessment Done = new(OperationOutcome.Succeeded);
    private static readonly ResponseAssessment Poll = new(OperationOutcome.InProgress);
    private static readonly ResponseAssessment Rejected = new(OperationOutcome.Failed);
    private static readonly ResponseAssessment Orphan = new(OperationOutcome.Failed, NeedsMitigation: true);

    /// <param name="answer">Of a provision, bind, update, unbind or deprovision.</param>
    /// <param name="bindingsRetrievable">Without it the credentials of an asynchronous bind cannot be had.</param>
    public static ResponseAssessment Assess(OsbResponse answer, bool bindingsRetrievable) =>
        answer.Call.Endpoint switch
        {
            Endpoint.Provision or Endpoint.Bind => AssessCreate(answer, bindingsRetrievable),
            Endpoint.Update => AssessUpdate(answer),
            _ => AssessDelete(answer),
        };

    private static ResponseAssessment AssessCreate(OsbResponse answer, bool bindingsRetrievable)
    {
        var bind = answer.Call.Endpoint == Endpoint.Bind;
        return (answer.TransportFailure, answer.Status) switch
        {
            (TransportFailure.Unreachable, _) => Rejected,
            (TransportFailure.TimedOut, _) => Orphan,
            (_, 200) => answer.IsMalformed ? Rejected : Done,
            (_, 201) => answer.IsMalformed ? Orphan : Done,
            (_, 202) when answer.IsMalformed => Orphan,
            (_, 202) when bind && !bindingsRetrievable => Orphan with
            {
                Finding = new("B2", "an asynchronous bind needs bindings_retrievable: its credentials cannot be fetched", answer.Location),
            },
            (_, 202) => Poll,
            (_, < 400) => Orphan,
            (_, 410) => Orphan,
            (_, 422) => AssessUnprocessable(answer, bind),
            (_, < 500) => Rejected,
            _ => Orphan,
        };
    }

    private static ResponseAssessment AssessUnprocessable(OsbResponse answer, bool bind) =>
        (answer.ErrorCode, bind) switch
        {
            ("AsyncRequired" or "ConcurrencyError", _) or ("MaintenanceInfoConflict", false) or ("RequiresApp", true) => Rejected,
            _ => Orphan with
            {
                Finding = new(
                    "B2",
                    "Cloud Controller answers this 422 with a delete of the id: refuse bad input with 400",
                    answer.Location
                ),
            },
        };

    private static ResponseAssessment AssessUpdate(OsbResponse answer) =>
        (answer.TransportFailure, answer.Status, answer.IsMalformed) switch
        {
            (TransportFailure.None, 200, false) => Done,
            (TransportFailure.None, 202, false) => Poll,
            (TransportFailure.None, 409 or 410, _) => Rejected with
            {
                Finding = new("B2", "Cloud Controller takes this for a bad response to an update", answer.Location),
            },
            _ => Rejected,
        };

    private static ResponseAssessment AssessDelete(OsbResponse answer) =>
        (answer.TransportFailure, answer.Status, answer.IsMalformed) switch
        {
            (TransportFailure.None, 200, false) or (TransportFailure.None, 410, _) => Done,
            (TransportFailure.None, 202, false) => Poll,
            (TransportFailure.None, 404, _) => Rejected with
            {
                Finding = new("117", "a delete of what does not exist is 410; the platform never forgets it otherwise", answer.Location),
            },
            _ => Rejected,
        };
}
