using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.State;

/// <summary>
/// Deletes expired rows once per hour, in small batches: audit entries after the retention period, and rows of ended binds after 7 days,
/// the maximum polling time of platforms. Several brokers can do so concurrently.
/// </summary>
/// <param name="retention">Retention period of the audit trail; zero: entries are never deleted.</param>
internal sealed class AuditRetention(AuditStore audit, TimeProvider time, ILogger<AuditRetention> logger, TimeSpan retention)
    : BackgroundService
{
    /// <summary>Maximum number of rows per transaction.</summary>
    internal const int BatchSize = 500;

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan EndedBindingRetention = TimeSpan.FromDays(7);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await DeleteExpiredAsync(stoppingToken);
            await Task.Delay(Interval, time, stoppingToken);
        }
    }

    private async Task DeleteExpiredAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = time.GetUtcNow();
            var entries =
                retention == TimeSpan.Zero
                    ? 0
                    : await DeleteInBatchesAsync(batch => audit.DeleteEntriesBeforeAsync(now - retention, batch, cancellationToken));
            var bindings = await DeleteInBatchesAsync(batch =>
                audit.DeleteEndedBindingsBeforeAsync(now - EndedBindingRetention, batch, cancellationToken)
            );
            if (entries + bindings > 0)
            {
                logger.ExpiredDeleted(entries, bindings);
            }
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            logger.DeletionFailed(e.Message);
        }
    }

    private static async Task<int> DeleteInBatchesAsync(Func<int, Task<int>> delete)
    {
        var total = 0;
        int deleted;
        do
        {
            deleted = await delete(BatchSize);
            total += deleted;
        } while (deleted == BatchSize);
        return total;
    }
}
