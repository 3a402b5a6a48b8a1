using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>The outcome of an operation.</summary>
internal enum OperationOutcome
{
    Succeeded,
    InProgress,
    Failed,
}

/// <summary>The platform's assessment of a response, as in Cloud Controller.</summary>
/// <param name="NeedsMitigation">True if the broker may have created an orphan, which must be deleted.</param>
/// <param name="Finding">The violated requirement; null for a valid success or error response.</param>
internal sealed record ResponseAssessment(OperationOutcome Outcome, bool NeedsMitigation = false, Finding? Finding = null)
{
    private static readonly ResponseAssessment Done = new(OperationOutcome.Succeeded);
    private static readonly ResponseAssessment Poll = new(OperationOutcome.InProgress);
    private static readonly ResponseAssessment Rejected = new(OperationOutcome.Failed);
    private static readonly ResponseAssessment Orphan = new(OperationOutcome.Failed, NeedsMitigation: true);

    /// <param name="response">The response to a provision, bind, update, unbind or deprovision.</param>
    /// <param name="bindingsRetrievable">
    /// Whether bindings can be fetched; otherwise the credentials of an asynchronous bind are unavailable.
    /// </param>
    public static ResponseAssessment Assess(OsbResponse response, bool bindingsRetrievable) =>
        response.Call.Endpoint switch
        {
            Endpoint.Provision or Endpoint.Bind => AssessCreate(response, bindingsRetrievable),
            Endpoint.Update => AssessUpdate(response),
            _ => AssessDelete(response),
        };

    private static ResponseAssessment AssessCreate(OsbResponse response, bool bindingsRetrievable)
    {
        var bind = response.Call.Endpoint == Endpoint.Bind;
        return (response.TransportFailure, response.Status) switch
        {
            (TransportFailure.Unreachable, _) => Rejected,
            (TransportFailure.TimedOut, _) => Orphan,
            (_, 200) => response.IsMalformed ? Rejected : Done,
            (_, 201) => response.IsMalformed ? Orphan : Done,
            (_, 202) when response.IsMalformed => Orphan,
            (_, 202) when bind && !bindingsRetrievable => Orphan with
            {
                Finding = new(
                    "B2",
                    "an asynchronous bind needs bindings_retrievable: its credentials cannot be fetched",
                    response.Location
                ),
            },
            (_, 202) => Poll,
            (_, < 400) => Orphan,
            (_, 410) => Orphan,
            (_, 422) => AssessUnprocessable(response, bind),
            (_, < 500) => Rejected,
            _ => Orphan,
        };
    }

    private static ResponseAssessment AssessUnprocessable(OsbResponse response, bool bind) =>
        (response.ErrorCode, bind) switch
        {
            ("AsyncRequired" or "ConcurrencyError", _) or ("MaintenanceInfoConflict", false) or ("RequiresApp", true) => Rejected,
            _ => Orphan with
            {
                Finding = new(
                    "B2",
                    "Cloud Controller reacts to this 422 with a delete of the id: reject invalid input with 400",
                    response.Location
                ),
            },
        };

    private static ResponseAssessment AssessUpdate(OsbResponse response) =>
        (response.TransportFailure, response.Status, response.IsMalformed) switch
        {
            (TransportFailure.None, 200, false) => Done,
            (TransportFailure.None, 202, false) => Poll,
            (TransportFailure.None, 409 or 410, _) => Rejected with
            {
                Finding = new("B2", "Cloud Controller treats this status as an invalid response to an update", response.Location),
            },
            _ => Rejected,
        };

    private static ResponseAssessment AssessDelete(OsbResponse response) =>
        (response.TransportFailure, response.Status, response.IsMalformed) switch
        {
            (TransportFailure.None, 200, false) or (TransportFailure.None, 410, _) => Done,
            (TransportFailure.None, 202, false) => Poll,
            (TransportFailure.None, 404, _) => Rejected with
            {
                Finding = new(
                    "117",
                    "a delete of a resource that does not exist must be 410, otherwise the platform never forgets it",
                    response.Location
                ),
            },
            _ => Rejected,
        };
}
