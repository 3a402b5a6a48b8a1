using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>The end of an operation.</summary>
/// <param name="Description">The last description of the broker.</param>
/// <param name="NeedsMitigation">True if the platform stopped waiting, so that the resource must be deleted.</param>
internal sealed record PollResult(OperationOutcome Outcome, string Description, bool NeedsMitigation = false);

/// <summary>Polls the last operation as Cloud Controller does: immediately, then every max(interval, Retry-After).</summary>
/// <param name="interval">Time between two polls; Cloud Controller uses 60 s.</param>
/// <param name="longest">Maximum duration of an operation; a plan can set less.</param>
/// <param name="progress">Receives the state when it changes.</param>
internal sealed class LastOperationPoller(
    BrokerClient client,
    TimeSpan interval,
    TimeSpan longest,
    TimeProvider time,
    IProgress<string> progress
)
{
    // Cloud Controller limits the time between two polls to one day.
    private static readonly TimeSpan MaximumWait = TimeSpan.FromDays(1);

    /// <param name="deletes">True for a delete, for which 410 is a success.</param>
    /// <param name="planLimit">The plan's <c>maximum_polling_duration</c>.</param>
    public async Task<PollResult> PollAsync(OsbCall call, bool deletes, TimeSpan? planLimit, CancellationToken cancellationToken)
    {
        var limit = planLimit is { } plan && plan < longest ? plan : longest;
        var start = time.GetTimestamp();
        var said = "";
        while (true)
        {
            var response = await client.SendAsync(call, cancellationToken);
            if (FinalResult(response, deletes) is { } end)
            {
                return end;
            }

            var state =
                response.Status == 200
                    ? response.BodyObject is null
                        ? ""
                        : JsonMembers.Text(response.BodyObject, "description") ?? "in progress"
                    : $"{response.StatusText}: polling continues";
            if (state != said)
            {
                progress.Report(said = state);
            }
            var wait = response.RetryAfter > interval ? response.RetryAfter : interval;
            wait = wait < MaximumWait ? wait : MaximumWait;
            if (time.GetElapsedTime(start) + wait > limit)
            {
                return new(
                    OperationOutcome.Failed,
                    $"The operation was still running after {time.GetElapsedTime(start).TotalSeconds:0} s: the platform waits "
                        + $"{limit.TotalSeconds:0} s at most.",
                    NeedsMitigation: true
                );
            }
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    /// <summary>
    /// Returns the end of the operation; null if it is in progress or the response is unusable, so that polling continues.
    /// </summary>
    private static PollResult? FinalResult(OsbResponse response, bool deletes) =>
        (response.Status, JsonMembers.Text(response.BodyObject, "state")) switch
        {
            (200, "succeeded") => new(OperationOutcome.Succeeded, JsonMembers.Text(response.BodyObject, "description") ?? "succeeded"),
            (200, "failed") => new(
                OperationOutcome.Failed,
                JsonMembers.Text(response.BodyObject, "description") ?? "the operation failed without a description"
            ),
            (400, _) => new(OperationOutcome.Failed, response.Description),
            (410, _) when deletes => new(OperationOutcome.Succeeded, "deleted"),
            _ => null,
        };
}
