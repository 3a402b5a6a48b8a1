using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Limits;

/// <summary>Applies the limits of a tenant's plan to one request and collects the warnings for its response.</summary>
/// <remarks>
/// An error names the limit, its value, the plan and the remedy. From 80 % of a limit on, the response contains a warning.
/// </remarks>
/// <param name="account">The account of the tenant.</param>
internal sealed class RequestLimits(TenantAccount account)
{
    private const double WarningThreshold = 0.8;
    private const double NanosecondsPerSecond = 1e9;
    private const double MillisecondsPerSecond = 1e3;

    private List<string>? _warnings;
    private double _stepSeconds;
    private double _rangeSeconds;
    private long _regexSize;

    /// <summary>The limits of the plan.</summary>
    public TenantLimits Limits => account.Limits;

    /// <summary>The warnings for the response.</summary>
    public IReadOnlyList<string> Warnings => (IReadOnlyList<string>?)_warnings ?? [];

    /// <summary>The maximum number of elements in the list of the response. Default: null, no limit.</summary>
    public int? MaxElements { get; private set; }

    /// <summary>Whether <see cref="MaxElements"/> is the client's own limit and not the plan's.</summary>
    public bool IsClientLimit { get; private set; }

    /// <summary>Whether the timeout of the query is the plan's and not the client's own.</summary>
    public bool IsPlanTimeout { get; private set; }

    /// <summary>Whether the gateway edits the response, which the server must then send uncompressed.</summary>
    public bool RequiresEditing => _warnings is not null || MaxElements is not null;

    /// <summary>Counts the request against the rate limit.</summary>
    public GatewayError? CheckRate()
    {
        if (account.RequestRate.Take() is { } wait)
        {
            return LimitErrors.RateExceeded(Limits, wait);
        }

        if (IsNear(account.RequestRate.UsedTokens(), Limits.RequestBurst))
        {
            Warn(
                LimitNames.RequestsPerSecond,
                $"the request rate is above {Limits.RequestsPerSecond} requests per second, and most of the burst of "
                    + $"{Limits.RequestBurst} requests is used; send fewer requests"
            );
        }

        return null;
    }

    /// <summary>Warns if the queue of the tenant is nearly full.</summary>
    public void RecordAdmission(TenantQueue queue)
    {
        if (IsNear(queue.Active + queue.Waiters.Count, queue.MaxActive + queue.MaxWaiting))
        {
            Warn(
                LimitNames.ConcurrentQueries,
                $"{Limits.ConcurrentQueries} queries are running, and the queue of {Limits.QueuedQueries} queries is nearly full; "
                    + "send fewer or cheaper queries at a time"
            );
        }
    }

    /// <summary>Bounds the timeout of a query by the plan's.</summary>
    /// <param name="nanoseconds">The client's timeout; the largest value if it gives none.</param>
    /// <returns>Whether the plan's timeout replaces the client's.</returns>
    public bool ApplyTimeout(long nanoseconds) => IsPlanTimeout = nanoseconds > Limits.QueryTimeout.TotalNanoseconds;

    /// <summary>Checks the parameter <c>lookback_delta</c>, which is a range like any other.</summary>
    public GatewayError? CheckLookbackDelta(long nanoseconds) => CheckSpan(nanoseconds / NanosecondsPerSecond, "lookback_delta is");

    /// <summary>Checks the time range and the number of points of a range query.</summary>
    /// <param name="start">The first evaluation, in milliseconds since 1970.</param>
    /// <param name="end">The last evaluation, in milliseconds since 1970.</param>
    /// <param name="stepNanoseconds">The step, more than zero.</param>
    public GatewayError? CheckRange(long start, long end, long stepNanoseconds)
    {
        (_stepSeconds, _rangeSeconds) = (stepNanoseconds / NanosecondsPerSecond, (double)((Int128)end - start) / MillisecondsPerSecond);
        if (CheckSpan(_rangeSeconds, "the time from start to end is") is { } tooLong)
        {
            return tooLong;
        }

        var points = _rangeSeconds / _stepSeconds;
        if (Math.Floor(points) > Limits.QueryPoints)
        {
            return LimitErrors.TooManyPoints(Limits);
        }

        if (IsNear(points, Limits.QueryPoints))
        {
            Warn(LimitNames.QueryPoints, $"this query has {(long)points} steps per series; the limit is {Limits.QueryPoints}");
        }

        return null;
    }

    /// <summary>Bounds the length of a list by the plan's.</summary>
    /// <param name="clientLimit">The client's limit; 0 if it gives none.</param>
    /// <returns>The limit to forward. It is one more than the plan's, so that the response shows whether there are more elements.</returns>
    public long ApplyListLimit(long clientLimit)
    {
        IsClientLimit = clientLimit > 0 && clientLimit <= Limits.Series;
        MaxElements = IsClientLimit ? (int)clientLimit : Limits.Series;
        return IsClientLimit ? clientLimit : Limits.Series + 1L;
    }

    /// <summary>
    /// Checks the regular expressions of an expression, the ranges in it and the number of evaluations of its subqueries.
    /// </summary>
    public GatewayError? CheckExpression(Expr expr) =>
        CheckRegexSize(RegexSize.Compute(expr))
        ?? CheckSpan(
            QueryLookbackCalculator.Compute(expr, _stepSeconds, _rangeSeconds),
            "a range in this query, plus the ranges of the subqueries around it, is"
        )
        ?? CheckSubqueries(SubqueryPointsCalculator.Compute(expr, _stepSeconds, _rangeSeconds));

    /// <summary>Adds the size of regular expressions to the total of the request, which has one limit for every plan.</summary>
    public GatewayError? CheckRegexSize(long size) => (_regexSize += size) > RegexSize.Max ? LimitErrors.RegexesTooLarge(_regexSize) : null;

    /// <summary>Checks the time range of one query of a remote read, in milliseconds since 1970.</summary>
    public GatewayError? CheckRemoteRead(long start, long end) =>
        CheckSpan((double)((Int128)end - start) / MillisecondsPerSecond, "this remote read spans");

    /// <summary>Checks the announced length of a response in bytes.</summary>
    public GatewayError? CheckResponseLength(long? length) =>
        length > Limits.ResponseBytes ? LimitErrors.ResponseTooLarge(Limits, length.Value) : null;

    /// <summary>Adds a warning to the response.</summary>
    public void Warn(string warning) => (_warnings ??= []).Add(warning);

    private GatewayError? CheckSubqueries(double points)
    {
        if (points > Limits.SubqueryPoints)
        {
            return LimitErrors.TooManySubqueryPoints(Limits, points);
        }

        if (IsNear(points, Limits.SubqueryPoints))
        {
            Warn(
                LimitNames.SubqueryPoints,
                $"the subqueries of this query need {(long)points} evaluations in total; the limit is {Limits.SubqueryPoints}"
            );
        }

        return null;
    }

    private GatewayError? CheckSpan(double seconds, string what)
    {
        var limit = Limits.QueryRange.TotalSeconds;
        if (!(seconds <= limit))
        {
            return LimitErrors.RangeTooLong(Limits, what, seconds);
        }

        if (IsNear(seconds, limit))
        {
            Warn(
                LimitNames.QueryRange,
                $"{what} {PrometheusTime.Format(TimeSpan.FromSeconds(seconds))}; the limit is {PrometheusTime.Format(Limits.QueryRange)}"
            );
        }

        return null;
    }

    private static bool IsNear(double used, double limit) => used >= limit * WarningThreshold;

    private void Warn(string limit, string what) => Warn(LimitErrors.NearLimitWarning(Limits, limit, what));
}
