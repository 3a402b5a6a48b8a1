using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// The tenants that asked lately: their accounts, which hold the limits, and their usage. Who has not asked for <see cref="Idle"/> is
/// forgotten, so that memory follows the tenants that are there.
/// </summary>
internal sealed class TenantLedger(Plans plans, TimeProvider time) : BackgroundService
{
    /// <summary>How long a tenant is remembered without a request. Its counters begin anew afterwards, which <c>rate()</c> knows how to read.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Tenant, TenantUsage> usages = new();
    private readonly Dictionary<string, TenantAccount> accounts = new(StringComparer.Ordinal);

    /// <summary>Every usage that is remembered.</summary>
    public ICollection<TenantUsage> All => usages.Values;

    /// <summary>How many tenants, by plan, have an account.</summary>
    public int Accounts
    {
        get
        {
            lock (accounts)
                return accounts.Count;
        }
    }

    /// <summary>A request of a tenant begins; <see cref="TenantUsage.End"/> must be called once it has ended.</summary>
    public TenantUsage Begin(Tenant tenant)
    {
        while (true)
        {
            if (usages.TryGetValue(tenant, out var usage) && usage.TryBegin())
                return usage;
            Add(tenant);
        }
    }

    /// <summary>Forgets who has not asked for <see cref="Idle"/>.</summary>
    public void Sweep()
    {
        lock (accounts)
        {
            foreach (var (tenant, usage) in usages)
                if (usage.TryForget(Idle))
                    usages.TryRemove(tenant, out _);
            var kept = usages.Keys.Select(tenant => tenant.Key).ToHashSet(StringComparer.Ordinal);
            foreach (var key in accounts.Keys.Where(key => !kept.Contains(key)).ToList())
                accounts.Remove(key);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Sweep();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private void Add(Tenant tenant)
    {
        lock (accounts)
        {
            if (!accounts.TryGetValue(tenant.Key, out var account))
                accounts.Add(tenant.Key, account = new TenantAccount(plans.Of(tenant.Plan), time));
            usages.TryAdd(tenant, new TenantUsage(tenant, account, time));
        }
    }
}
