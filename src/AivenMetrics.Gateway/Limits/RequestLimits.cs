using System.Globalization;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Limits;

/// <summary>Holds one request to the limits of its tenant's plan, and gathers the warnings that its answer will carry.</summary>
/// <remarks>What is refused names the limit, its value, the plan and the remedy. From four fifths of a limit on, the answer warns.</remarks>
internal sealed class RequestLimits(TenantAccount account)
{
    private const double WarningThreshold = 0.8;
    private const double NanosecondsPerSecond = 1e9;

    private List<string>? _warnings;
    private double _stepSeconds;
    private double _rangeSeconds;
    private long _regexSize;

    public TenantLimits Limits => account.Limits;

    /// <summary>What the answer is to warn of.</summary>
    public IReadOnlyList<string> Warnings => (IReadOnlyList<string>?)_warnings ?? [];

    /// <summary>The most elements of the answer's list; null where there is no such limit.</summary>
    public int? MaxElements { get; private set; }

    /// <summary>The client itself asked for no more than <see cref="MaxElements"/>.</summary>
    public bool IsClientLimit { get; private set; }

    /// <summary>The time that the query has is the plan's, and not one that the client asked for.</summary>
    public bool IsPlanTimeout { get; private set; }

    /// <summary>The answer must be read here, so it must come uncompressed.</summary>
    public bool RequiresEditing => _warnings is not null || MaxElements is not null;

    /// <summary>Counts the request; it is refused if there were too many.</summary>
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
                $"requests come faster than {Limits.RequestsPerSecond} a second, and little is left of the {Limits.RequestBurst} that may come at once"
            );
        }
        return null;
    }

    /// <summary>Notes how full the tenant's queue is.</summary>
    public void RecordAdmission(TenantQueue lane)
    {
        if (IsNear(lane.Active + lane.Waiters.Count, lane.MaxActive + lane.MaxWaiting))
        {
            Warn(
                LimitNames.ConcurrentQueries,
                $"{Limits.ConcurrentQueries} queries run at once and most of the {Limits.QueuedQueries} places to wait are taken"
            );
        }
    }

    /// <summary>Checks the parameters, and puts what the plan allows in place of what goes beyond it where that is no change of meaning.</summary>
    public GatewayError? Check(Route route, RequestParameters parameters) =>
        route.Kind switch
        {
            RouteKind.Expression when route.Path == "/api/v1/query_range" => CheckTimeout(parameters) ?? CheckRange(parameters),
            RouteKind.Expression when route.Path == "/api/v1/query" => CheckTimeout(parameters)
                ?? ReadTime(parameters, "time", null, out _),
            RouteKind.Expression => ReadTimes(parameters),
            RouteKind.Selectors or RouteKind.OptionalSelectors => ReadTimes(parameters) ?? CheckLimit(parameters),
            _ => null,
        };

    /// <summary>
    /// Adds up the size of the request's regular expressions, wherever they stand. All of them are compiled at once, most of them before
    /// anything is evaluated.
    /// </summary>
    public GatewayError? CheckRegexSize(long size) => (_regexSize += size) > RegexSize.Max ? LimitErrors.RegexesTooLarge(_regexSize) : null;

    /// <summary>Checks the regular expressions of an expression, the ranges inside it, and how often its subqueries are evaluated.</summary>
    public GatewayError? Check(Expr expr) =>
        CheckRegexSize(RegexSize.Compute(expr))
        ?? CheckSpan(
            QueryLookback.Compute(expr, _stepSeconds, _rangeSeconds),
            "a range in this query, with that of the subqueries around it, is"
        )
        ?? CheckSubqueries(SubqueryPoints.Compute(expr, _stepSeconds, _rangeSeconds));

    /// <summary>Checks the time that one query of a remote read asks for, from and to milliseconds since 1970.</summary>
    public GatewayError? CheckRemoteRead(long start, long end) => CheckSpan((double)((Int128)end - start) / 1000, "this remote read spans");

    /// <summary>Checks how many bytes an answer has; it is refused before anything is sent.</summary>
    public GatewayError? CheckResponseLength(long? length) =>
        length > Limits.ResponseBytes ? LimitErrors.ResponseTooLarge(Limits, length.Value) : null;

    private GatewayError? CheckRange(RequestParameters parameters)
    {
        if (ReadTime(parameters, "start", "", out var start) is { } badStart)
        {
            return badStart;
        }
        if (ReadTime(parameters, "end", "", out var end) is { } badEnd)
        {
            return badEnd;
        }
        if (end < start)
        {
            return GatewayError.BadData("invalid parameter \"end\": end timestamp must not be before start time");
        }
        if (!PrometheusTime.TryParseDuration(parameters["step"] ?? "", out var step, out var plain))
        {
            return ParseError("step", parameters["step"], "duration");
        }
        if (step <= 0)
        {
            return GatewayError.BadData(
                "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer"
            );
        }
        parameters.Set("step", plain);

        (_stepSeconds, _rangeSeconds) = (step / NanosecondsPerSecond, (double)((Int128)end - start) / 1000);
        if (CheckSpan(_rangeSeconds, "this query spans, from start to end,") is { } tooFar)
        {
            return tooFar;
        }
        var points = _rangeSeconds / _stepSeconds;
        if (Math.Floor(points) > Limits.QueryPoints)
        {
            return LimitErrors.TooManyPoints(Limits);
        }
        if (IsNear(points, Limits.QueryPoints))
        {
            Warn(LimitNames.QueryPoints, $"this query has {(long)points} steps per series of {Limits.QueryPoints}");
        }
        return null;
    }

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
                $"the subqueries of this query are evaluated at {(long)points} points, taken together, of {Limits.SubqueryPoints}"
            );
        }
        return null;
    }

    /// <summary>Sees to it that upstream stops in the plan's time; <c>lookback_delta</c> is a range like any other.</summary>
    private GatewayError? CheckTimeout(RequestParameters parameters)
    {
        var given = parameters["timeout"];
        var own = Limits.QueryTimeoutText;
        var timeout = long.MaxValue;
        if (!string.IsNullOrEmpty(given) && !PrometheusTime.TryParseDuration(given, out timeout, out own))
        {
            return ParseError("timeout", given, "duration");
        }
        IsPlanTimeout = timeout > Limits.QueryTimeout.TotalNanoseconds;
        parameters.Set("timeout", IsPlanTimeout ? Limits.QueryTimeoutText : own);

        if (parameters["lookback_delta"] is not { Length: > 0 } lookback)
        {
            return null;
        }
        if (!PrometheusTime.TryParseDuration(lookback, out var delta, out var plainDelta))
        {
            return ParseError("lookback_delta", lookback, "duration");
        }
        parameters.Set("lookback_delta", plainDelta);
        return CheckSpan(delta / NanosecondsPerSecond, "lookback_delta is");
    }

    /// <summary>The upper limit of a list: the client's own, or the plan's where that is lower.</summary>
    private GatewayError? CheckLimit(RequestParameters parameters)
    {
        var given = parameters["limit"];
        var limit = 0L;
        if (
            !string.IsNullOrEmpty(given)
            && (!long.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out limit) || limit < 0)
        )
        {
            return GatewayError.BadData("invalid parameter \"limit\": limit must be a number that is not negative");
        }
        IsClientLimit = limit > 0 && limit <= Limits.Series;
        MaxElements = IsClientLimit ? (int)limit : Limits.Series;

        // One more than may be shown, so that the answer tells whether there is more.
        parameters.Set("limit", (IsClientLimit ? limit : Limits.Series + 1L).ToString(CultureInfo.InvariantCulture));
        return null;
    }

    private static GatewayError? ReadTimes(RequestParameters parameters) =>
        ReadTime(parameters, "start", null, out _) ?? ReadTime(parameters, "end", null, out _);

    private static GatewayError? ReadTime(RequestParameters parameters, string name, string? absent, out long milliseconds)
    {
        milliseconds = 0;
        var given = parameters[name] is { Length: > 0 } text ? text : absent;
        if (given is null)
        {
            return null;
        }
        if (!PrometheusTime.TryParseTime(given, out milliseconds, out var plain))
        {
            return ParseError(name, given, "timestamp");
        }
        parameters.Set(name, plain);
        return null;
    }

    private static GatewayError ParseError(string name, string? text, string kind) =>
        GatewayError.BadData($"invalid parameter \"{name}\": cannot parse \"{text}\" to a valid {kind}");

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
                $"{what} {PrometheusTime.Format(TimeSpan.FromSeconds(seconds))} of {PrometheusTime.Format(Limits.QueryRange)}"
            );
        }
        return null;
    }

    /// <summary>Adds a sentence to what the answer warns of.</summary>
    public void Warn(string warning) => (_warnings ??= []).Add(warning);

    private static bool IsNear(double used, double limit) => used >= limit * WarningThreshold;

    private void Warn(string limit, string what) => Warn(LimitErrors.NearLimitWarning(Limits, limit, what));
}
