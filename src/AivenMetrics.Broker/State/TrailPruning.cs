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
internal sealed partial class TrailPruning(AuditStore audit, TimeProvider time, ILogger<TrailPruning> logger, TimeSpan retention)
    : BackgroundService
{
    /// <summary>Rows of one transaction.</summary>
    internal const int Batch = 500;

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan EndedBindings = TimeSpan.FromDays(7);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Prune(stoppingToken);
            await Task.Delay(Interval, time, stoppingToken);
        }
    }

    private async Task Prune(CancellationToken ct)
    {
        try
        {
            var now = time.GetUtcNow();
            var entries = retention == TimeSpan.Zero ? 0 : await All(batch => audit.Prune(now - retention, batch, ct));
            var bindings = await All(batch => audit.PruneEndedBindings(now - EndedBindings, batch, ct));
            if (entries + bindings > 0)
                Pruned(entries, bindings);
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            Failed(e.Message);
        }
    }

    private static async Task<int> All(Func<int, Task<int>> prune)
    {
        var all = 0;
        int some;
        do
        {
            some = await prune(Batch);
            all += some;
        }
        while (some == Batch);
        return all;
    }

    [LoggerMessage(1102, LogLevel.Information, "Forgot {Entries} old entries of the audit trail and {Bindings} ended binds")]
    private partial void Pruned(int entries, int bindings);

    [LoggerMessage(1103, LogLevel.Warning, "What is too old cannot be forgotten now, and is in an hour: {Problem}")]
    private partial void Failed(string problem);
}
