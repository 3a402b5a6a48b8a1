using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.State;

/// <summary>
/// Forgets what is too old, every hour and a little at a time: entries of the audit trail after the configured time, and binds
/// that were unbound while they ran after a week, since no platform polls for longer (osb.md B6). Any number of brokers may do it
/// at once.
/// </summary>
/// <param name="retention">How long the audit trail is kept; zero: for ever.</param>
internal sealed partial class AuditRetention(AuditStore audit, TimeProvider time, ILogger<AuditRetention> logger, TimeSpan retention)
    : BackgroundService
{
    /// <summary>Rows of one transaction.</summary>
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
                ExpiredDeleted(entries, bindings);
            }
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            DeletionFailed(e.Message);
        }
    }

    private static async Task<int> DeleteInBatchesAsync(Func<int, Task<int>> prune)
    {
        var all = 0;
        int some;
        do
        {
            some = await prune(BatchSize);
            all += some;
        } while (some == BatchSize);
        return all;
    }

    [LoggerMessage(1102, LogLevel.Information, "Forgot {Entries} old entries of the audit trail and {Bindings} ended binds")]
    private partial void ExpiredDeleted(int entries, int bindings);

    [LoggerMessage(1103, LogLevel.Warning, "What is too old cannot be forgotten now, and is in an hour: {Problem}")]
    private partial void DeletionFailed(string problem);
}
