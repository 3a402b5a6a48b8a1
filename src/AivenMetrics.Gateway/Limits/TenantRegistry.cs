using System.Collections.Concurrent;
using AivenMetrics.Gateway.Authentication;
using Microsoft.Extensions.Hosting;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// The tenants with recent requests: their accounts, which hold the limits, and their usage. A tenant without a request for
/// <see cref="IdleTimeout"/> is removed, so that memory follows the active tenants.
/// </summary>
internal sealed class TenantRegistry(TenantLimitsProvider plans, TimeProvider time) : BackgroundService
{
    /// <summary>
    /// The time without a request after which a tenant is removed. 1 h. Its counters then restart at zero, which <c>rate()</c> handles.
    /// </summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromHours(1);

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Tenant, TenantUsage> _usages = new();
    private readonly Dictionary<string, TenantAccount> _accounts = new(StringComparer.Ordinal);

    /// <summary>The usage of all active tenants.</summary>
    public ICollection<TenantUsage> Usages => _usages.Values;

    /// <summary>The number of active tenants, by plan.</summary>
    public int AccountCount
    {
        get
        {
            lock (_accounts)
            {
                return _accounts.Count;
            }
        }
    }

    /// <summary>Begins a request of a tenant. The caller must call <see cref="TenantUsage.EndRequest"/> when it ends.</summary>
    public TenantUsage BeginRequest(Tenant tenant)
    {
        while (true)
        {
            if (_usages.TryGetValue(tenant, out var usage) && usage.TryBeginRequest())
            {
                return usage;
            }
            Add(tenant);
        }
    }

    /// <summary>Removes idle tenants.</summary>
    public void RemoveIdle()
    {
        lock (_accounts)
        {
            foreach (var (tenant, usage) in _usages)
            {
                if (usage.TryExpire(IdleTimeout))
                {
                    _usages.TryRemove(tenant, out _);
                }
            }
            var kept = _usages.Keys.Select(tenant => tenant.Key).ToHashSet(StringComparer.Ordinal);
            foreach (var key in _accounts.Keys.Where(key => !kept.Contains(key)).ToList())
            {
                _accounts.Remove(key);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                RemoveIdle();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private void Add(Tenant tenant)
    {
        lock (_accounts)
        {
            if (!_accounts.TryGetValue(tenant.Key, out var account))
            {
                _accounts.Add(tenant.Key, account = new TenantAccount(plans.GetLimits(tenant.Plan), time));
            }
            _usages.TryAdd(tenant, new TenantUsage(tenant, account, time));
        }
    }
}
