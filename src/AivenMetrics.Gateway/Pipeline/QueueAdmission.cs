using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Telemetry;

namespace AivenMetrics.Gateway.Pipeline;

/// <summary>Acquires leases of the fair queues and measures the time that requests wait.</summary>
internal sealed class QueueAdmission(GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>Acquires a lease.</summary>
    /// <returns>The lease, to be disposed; or the reason why there is none.</returns>
    public ValueTask<(FairQueue.Lease? Lease, AdmissionResult Result)> AcquireAsync(
        FairQueue queue,
        TenantQueue tenant,
        CancellationToken cancellationToken
    )
    {
        var acquiring = queue.AcquireAsync(tenant, cancellationToken);
        return acquiring.IsCompletedSuccessfully ? acquiring : AcquireAfterWaitAsync(acquiring);
    }

    private async ValueTask<(FairQueue.Lease? Lease, AdmissionResult Result)> AcquireAfterWaitAsync(
        ValueTask<(FairQueue.Lease? Lease, AdmissionResult Result)> acquiring
    )
    {
        var started = time.GetTimestamp();
        try
        {
            return await acquiring;
        }
        finally
        {
            metrics.RecordQueueTime(time.GetElapsedTime(started).TotalSeconds);
        }
    }
}
