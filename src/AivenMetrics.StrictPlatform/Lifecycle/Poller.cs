using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>How an operation ended.</summary>
/// <param name="Description">The broker's last words.</param>
/// <param name="Mitigate">It was not the broker that ended it: what it made must be deleted.</param>
internal sealed record PollResult(Outcome Outcome, string Description, bool Mitigate = false);

/// <summary>Polls the last operation as Cloud Controller does (B2, B6): at once, then every max(interval, Retry-After).</summary>
/// <param name="interval">Between two polls; Cloud Controller's is 60 s.</param>
/// <param name="longest">After this the platform gives up; a plan may set less.</param>
/// <param name="progress">Hears the state whenever it changes.</param>
internal sealed class Poller(BrokerClient client, TimeSpan interval, TimeSpan longest, TimeProvider time, IProgress<string> progress)
{
    // Cloud Controller waits no longer than a day for the next poll.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <param name="deletes">A delete: 410 is its success.</param>
    /// <param name="planLimit">The plan's <c>maximum_polling_duration</c>.</param>
    public async Task<PollResult> Poll(Ask ask, bool deletes, TimeSpan? planLimit, CancellationToken ct)
    {
        TimeSpan limit = planLimit is { } plan && plan < longest ? plan : longest;
        long start = time.GetTimestamp();
        string said = "";
        while (true)
        {
            Answer answer = await client.Send(ask, ct);
            if (Ended(answer, deletes) is { } end)
                return end;

            string state = answer.Status == 200 ? answer.Object is null ? "" : Json.Text(answer.Object, "description") ?? "in progress" : $"{answer.Shown}: polling on";
            if (state != said)
                progress.Report(said = state);
            TimeSpan wait = answer.RetryAfter > interval ? answer.RetryAfter : interval;
            wait = wait < LongestWait ? wait : LongestWait;
            if (time.GetElapsedTime(start) + wait > limit)
                return new(Outcome.Failed, $"The operation was still running after {time.GetElapsedTime(start).TotalSeconds:0} s: the platform gives up after {limit.TotalSeconds:0} s.", Mitigate: true);
            await Task.Delay(wait, time, ct);
        }
    }

    /// <summary>Null: not ended, or the answer says nothing that can be used, and the platform polls on.</summary>
    private static PollResult? Ended(Answer answer, bool deletes) => (answer.Status, Json.Text(answer.Object, "state")) switch
    {
        (200, "succeeded") => new(Outcome.Succeeded, Json.Text(answer.Object, "description") ?? "succeeded"),
        (200, "failed") => new(Outcome.Failed, Json.Text(answer.Object, "description") ?? "the operation failed and the broker does not say why"),
        (400, _) => new(Outcome.Failed, answer.Description),
        (410, _) when deletes => new(Outcome.Succeeded, "gone"),
        _ => null,
    };
}
