using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>How an operation ended.</summary>
/// <param name="Description">The broker's last words.</param>
/// <param name="NeedsMitigation">It was not the broker that ended it: what it made must be deleted.</param>
internal sealed record PollResult(OperationOutcome Outcome, string Description, bool NeedsMitigation = false);

/// <summary>Polls the last operation as Cloud Controller does (B2, B6): at once, then every max(interval, Retry-After).</summary>
/// <param name="interval">Between two polls; Cloud Controller's is 60 s.</param>
/// <param name="longest">After this the platform gives up; a plan may set less.</param>
/// <param name="progress">Hears the state whenever it changes.</param>
internal sealed class LastOperationPoller(
    BrokerClient client,
    TimeSpan interval,
    TimeSpan longest,
    TimeProvider time,
    IProgress<string> progress
)
{
    // Cloud Controller waits no longer than a day for the next poll.
    private static readonly TimeSpan MaximumWait = TimeSpan.FromDays(1);

    /// <param name="deletes">A delete: 410 is its success.</param>
    /// <param name="planLimit">The plan's <c>maximum_polling_duration</c>.</param>
    public async Task<PollResult> PollAsync(OsbCall ask, bool deletes, TimeSpan? planLimit, CancellationToken cancellationToken)
    {
        var limit = planLimit is { } plan && plan < longest ? plan : longest;
        var start = time.GetTimestamp();
        var said = "";
        while (true)
        {
            var answer = await client.SendAsync(ask, cancellationToken);
            if (FinalResult(answer, deletes) is { } end)
            {
                return end;
            }

            var state =
                answer.Status == 200
                    ? answer.BodyObject is null
                        ? ""
                        : JsonMembers.Text(answer.BodyObject, "description") ?? "in progress"
                    : $"{answer.StatusText}: polling on";
            if (state != said)
            {
                progress.Report(said = state);
            }
            var wait = answer.RetryAfter > interval ? answer.RetryAfter : interval;
            wait = wait < MaximumWait ? wait : MaximumWait;
            if (time.GetElapsedTime(start) + wait > limit)
            {
                return new(
                    OperationOutcome.Failed,
                    $"The operation was still running after {time.GetElapsedTime(start).TotalSeconds:0} s: the platform gives up after {limit.TotalSeconds:0} s.",
                    NeedsMitigation: true
                );
            }
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    /// <summary>Null: not ended, or the answer says nothing that can be used, and the platform polls on.</summary>
    private static PollResult? FinalResult(OsbResponse answer, bool deletes) =>
        (answer.Status, JsonMembers.Text(answer.BodyObject, "state")) switch
        {
            (200, "succeeded") => new(OperationOutcome.Succeeded, JsonMembers.Text(answer.BodyObject, "description") ?? "succeeded"),
            (200, "failed") => new(
                OperationOutcome.Failed,
                JsonMembers.Text(answer.BodyObject, "description") ?? "the operation failed and the broker does not say why"
            ),
            (400, _) => new(OperationOutcome.Failed, answer.Description),
            (410, _) when deletes => new(OperationOutcome.Succeeded, "gone"),
            _ => null,
        };
}
