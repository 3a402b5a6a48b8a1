using System.Collections.Concurrent;
using AivenMetrics.Gateway.Authentication;
using Microsoft.Extensions.Hosting;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// The tenants that asked lately: their accounts, which hold the limits, and their usage. Who has not asked for <see cref="IdleTimeout"/> is
/// forgotten, so that memory follows the tenants that are there.
/// </summary>
internal sealed class TenantRegistry(TenantLimitsProvider plans, TimeProvider time) : BackgroundService
{
    /// <summary>How long a tenant is remembered without a request. Its counters begin anew afterwards, which <c>rate()</c> knows how to read.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromHours(1);

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Tenant, TenantUsage> _usages = new();
    private readonly Dictionary<string, TenantAccount> _accounts = new(StringComparer.Ordinal);

    /// <summary>Every usage that is remembered.</summary>
    public ICollection<TenantUsage> Usages => _usages.Values;

    /// <summary>How many tenants, by plan, have an account.</summary>
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

    /// <summary>A request of a tenant begins; <see cref="TenantUsage.EndRequest"/> must be called once it has ended.</summary>
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

    /// <summary>Forgets who has not asked for <see cref="IdleTimeout"/>.</summary>
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
