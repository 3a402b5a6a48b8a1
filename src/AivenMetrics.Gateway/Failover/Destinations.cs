using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Failover;

/// <summary>
/// All Prometheus servers in the order of the configuration, the usual one first, and which of them is asked first at present.
/// </summary>
/// <remarks>
/// The present one is left at once for one that is better: reachable rather than failed, fresh rather than stale. One that comes before
/// it in the configuration and is as well gets the place back only after <see cref="FailoverOptions.ReturnAfter"/>, counted from its
/// recovery and from the last switch.
/// </remarks>
internal sealed class Destinations : IDisposable
{
    private readonly Destination[] configured;
    private readonly FailoverOptions options;
    private readonly QueryEngine engine;
    private readonly TimeProvider time;
    private readonly ILogger<Destinations> logger;
    private readonly Lock reviewing = new();
    private readonly Lock learning = new();
    private volatile Destination[] order;
    private volatile bool gapsDiffer;
    private long? switchedAt;
    private long switches;
    private long detours;

    public Destinations(GatewayOptions options, TimeProvider time, ILogger<Destinations> logger)
    {
        (this.options, engine, this.time, this.logger) = (options.Failover, options.Engine, time, logger);
        configured = [.. options.Prometheus.Select((url, index) => new Destination(index + 1, url, time))];
        order = configured;
    }

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<Destination> Ordered() => configured;

    /// <summary>The one that is asked first at present.</summary>
    public Destination First => order[0];

    /// <summary>At least one is usable as far as is known.</summary>
    public bool AnyUsable => Array.Exists(configured, d => d.IsUsable);

    /// <summary>At least one other is usable as far as is known.</summary>
    public bool AnyUsableBut(Destination destination) => Array.Exists(configured, d => d != destination && d.IsUsable);

    /// <summary>One lacks samples that another has: then it is worth knowing what time a request asks about.</summary>
    public bool GapsDiffer => gapsDiffer;

    /// <summary>How often another became the first to be asked.</summary>
    public long Switches => Volatile.Read(ref switches);

    /// <summary>How many requests went to another than the first because that lacks samples they ask for.</summary>
    public long Detours => Volatile.Read(ref detours);

    /// <summary>
    /// In the order to try. For a request that asks about a time of which the first one lacks more than another that is well, that one
    /// comes before it. What is not known of the first one's history speaks for it, and what is not known of another's against that one:
    /// until enough is known to be sure, the order is the one without history.
    /// </summary>
    public Destination[] ToTry(QueryWindow? window)
    {
        var current = order;
        if (!gapsDiffer || window is not { } asked)
            return current;

        asked = asked with { From = Math.Max(asked.From, Oldest()) };
        if (asked.From > asked.To)
            return current;
        var (best, least) = (0, Gap.Missing(current[0].Gaps, asked));
        for (var i = 1; i < current.Length && least > TimeSpan.Zero; i++)
        {
            // Edges of holes are known to a part of the time that counts as one: of two that both have a hole, a little less is no reason.
            var missing = Gap.Missing(current[i].History.PossibleGaps, asked);
            if (current[i].Rank == 0 && (missing == TimeSpan.Zero || missing < least - (options.StaleAfter / 10)))
                (best, least) = (i, missing);
        }

        if (best == 0)
            return current;
        Interlocked.Increment(ref detours);
        return [current[best], .. current.Where((_, index) => index != best)];
    }

    /// <summary>A request found no connection: the next ones need not try.</summary>
    public void Unreachable(Destination destination, string detail) => Take(destination, Trouble.Unreachable, detail);

    /// <summary>A request got something else than an answer of a query engine.</summary>
    public void Struck(Destination destination, string detail)
    {
        if (destination.Strike())
            Take(destination, Trouble.Failing, detail);
    }

    /// <summary>A probe was answered.</summary>
    public void Probed(Destination destination) => Take(destination, Trouble.None, "");

    /// <summary>A probe failed: unlike a request, which may be heavy, it is answered at once by a server that lives.</summary>
    public void ProbeFailed(Destination destination, Trouble trouble, string detail)
    {
        Take(destination, trouble, detail);
        if (trouble is Trouble.Hung or Trouble.Unreachable)
            destination.GiveUp();
    }

    /// <summary>A destination said what it is. If it is not what is configured, the operator is told, once.</summary>
    public void Said(Destination destination, QueryEngine itsEngine)
    {
        if (itsEngine != engine && destination.FirstOfOtherEngine())
            logger.OtherEngine(destination.Name, destination.Url, itsEngine, engine, itsEngine);
    }

    /// <summary>The age of the newest sample became known; null if there is none.</summary>
    public void Sampled(Destination destination, TimeSpan? age)
    {
        var isStale = age is null || age > options.StaleAfter;
        lock (reviewing)
        {
            destination.Sampled(age, isStale);
            Review();
        }
    }

    /// <summary>The holes of a destination became known, and the times of which nothing is known yet.</summary>
    public void Lacks(Destination destination, Gap[] gaps, Gap[] unknown)
    {
        // Not the other lock: many holes take a while to compare, and a probe must not wait for that.
        lock (learning)
        {
            destination.Learnt(new(gaps, Gap.Union(gaps.Concat(unknown))));
            gapsDiffer = Gap.Differ([.. configured.Select(d => d.History)], Oldest(), options.StaleAfter / 10);
        }
    }

    /// <summary>The lowest version among those that said one, because a client must not expect what one of them lacks; null if none did.</summary>
    public string? LowestVersion() => configured
        .Select(d => d.Version)
        .OfType<string>()
        .MinBy(System.Version.Parse);

    /// <summary>Why no destination answers, in words for a tenant: no addresses.</summary>
    public string Reasons() => string.Join(", ", configured.Select(d => $"{d.Name} {Words(d.Trouble)}"));

    /// <summary>Which destinations are not usable, where they are and why, for operators; empty if all are.</summary>
    public string Unusable() => string.Join(", ", configured.Where(d => !d.IsUsable).Select(d =>
        d.Trouble == Trouble.None ? $"{d.Name} was not reached yet ({d.Url})" : $"{d.Name} {Words(d.Trouble)}: {d.Detail} ({d.Url})"));

    public void Dispose() => Array.ForEach(configured, d => d.Dispose());

    /// <summary>Since when histories are compared: what is older is forgotten by each destination at another time.</summary>
    private long Oldest() => (time.GetUtcNow() - options.HistoryWindow).ToUnixTimeMilliseconds();

    private void Take(Destination destination, Trouble trouble, string detail)
    {
        if (trouble == Trouble.None && destination.IsUsable && destination.Trouble is Trouble.None or Trouble.Stale && order == configured)
            return;
        lock (reviewing)
        {
            var before = destination.Trouble;
            destination.Contacted(trouble, detail);
            if (trouble != Trouble.None && before is Trouble.None or Trouble.Stale)
                logger.DestinationFailed(destination.Name, Words(trouble), detail, destination.Url);
            else if (trouble == Trouble.None && before is not (Trouble.None or Trouble.Stale))
                logger.DestinationReturned(destination.Name);
            Review();
        }
    }

    /// <summary>Decides who is asked first; the others follow, the well ones before the rest.</summary>
    private void Review()
    {
        var present = order[0];
        var best = configured.MinBy(d => d.Rank)!;
        var earlier = configured.TakeWhile(d => d != present).FirstOrDefault(d => d.Rank <= present.Rank && d.RankedFor >= options.ReturnAfter);
        var isBetter = best.Rank < present.Rank && (present.Trouble != Trouble.Stale || best.NewestSampleAge is not null);
        var first = isBetter ? best
            : earlier is not null && (switchedAt is not { } at || time.GetElapsedTime(at) >= options.ReturnAfter) ? earlier
            : present;
        if (first != present)
        {
            switchedAt = time.GetTimestamp();
            Interlocked.Increment(ref switches);
            logger.Switched(present.Name, first.Name, present.Rank > first.Rank ? $"{present.Name} {Words(present.Trouble)}" : $"{first.Name} has been well for long enough");
        }

        Destination[] now = [first, .. configured.Where(d => d != first).OrderBy(d => d.Rank)];
        order = now.SequenceEqual(configured) ? configured : now;
    }

    private static string Words(Trouble trouble) => trouble switch
    {
        Trouble.Hung => "does not answer",
        Trouble.Unreachable => "cannot be reached",
        Trouble.NotReady => "is not ready",
        Trouble.Failing => "does not answer as a query engine",
        Trouble.Stale => "has no fresh samples",
        _ => "failed to answer this request",
    };
}
