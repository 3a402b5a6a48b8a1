using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>What an answer means to the platform.</summary>
internal enum Outcome
{
    Succeeded,
    InProgress,
    Failed,
}

/// <summary>The platform's reading of an answer, as Cloud Controller reads it (B2, 126).</summary>
/// <param name="Mitigate">The broker may have made something that nobody will use: it is deleted.</param>
/// <param name="Finding">What the answer broke; null: it was a proper answer, if only a refusal.</param>
internal sealed record Verdict(Outcome Outcome, bool Mitigate = false, Finding? Finding = null)
{
    private static readonly Verdict Done = new(Outcome.Succeeded);
    private static readonly Verdict Poll = new(Outcome.InProgress);
    private static readonly Verdict Refused = new(Outcome.Failed);
    private static readonly Verdict Orphan = new(Outcome.Failed, Mitigate: true);

    /// <param name="answer">Of a provision, bind, update, unbind or deprovision.</param>
    /// <param name="bindingsRetrievable">Without it the credentials of an asynchronous bind cannot be had.</param>
    public static Verdict Of(Answer answer, bool bindingsRetrievable) => answer.Ask.Endpoint switch
    {
        Endpoint.Provision or Endpoint.Bind => OfCreate(answer, bindingsRetrievable),
        Endpoint.Update => OfUpdate(answer),
        _ => OfDelete(answer),
    };

    private static Verdict OfCreate(Answer answer, bool bindingsRetrievable)
    {
        bool bind = answer.Ask.Endpoint == Endpoint.Bind;
        return (answer.Silence, answer.Status) switch
        {
            (Silence.Unreachable, _) => Refused,
            (Silence.TimedOut, _) => Orphan,
            (_, 200) => answer.Malformed ? Refused : Done,
            (_, 201) => answer.Malformed ? Orphan : Done,
            (_, 202) when answer.Malformed => Orphan,
            (_, 202) when bind && !bindingsRetrievable => Orphan with { Finding = new("B2", "an asynchronous bind needs bindings_retrievable: its credentials cannot be fetched", answer.Where) },
            (_, 202) => Poll,
            (_, < 400) => Orphan,
            (_, 410) => Orphan,
            (_, 422) => Unprocessable(answer, bind),
            (_, < 500) => Refused,
            _ => Orphan,
        };
    }

    private static Verdict Unprocessable(Answer answer, bool bind) => (answer.ErrorCode, bind) switch
    {
        ("AsyncRequired" or "ConcurrencyError", _) or ("MaintenanceInfoConflict", false) or ("RequiresApp", true) => Refused,
        _ => Orphan with { Finding = new("B2", "Cloud Controller answers this 422 with a delete of the id: refuse bad input with 400", answer.Where) },
    };

    private static Verdict OfUpdate(Answer answer) => (answer.Silence, answer.Status, answer.Malformed) switch
    {
        (Silence.None, 200, false) => Done,
        (Silence.None, 202, false) => Poll,
        (Silence.None, 409 or 410, _) => Refused with { Finding = new("B2", "Cloud Controller takes this for a bad response to an update", answer.Where) },
        _ => Refused,
    };

    private static Verdict OfDelete(Answer answer) => (answer.Silence, answer.Status, answer.Malformed) switch
    {
        (Silence.None, 200, false) or (Silence.None, 410, _) => Done,
        (Silence.None, 202, false) => Poll,
        (Silence.None, 404, _) => Refused with { Finding = new("117", "a delete of what does not exist is 410; the platform never forgets it otherwise", answer.Where) },
        _ => Refused,
    };
}
