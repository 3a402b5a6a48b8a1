using System.Globalization;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Limits;

/// <summary>Holds one request to the limits of its tenant's plan, and gathers the warnings that its answer will carry.</summary>
/// <remarks>What is refused names the limit, its value, the plan and the remedy. From four fifths of a limit on, the answer warns.</remarks>
internal sealed class RequestLimits(TenantAccount account)
{
    private const double WarnFrom = 0.8;
    private const double NanosecondsPerSecond = 1e9;

    private List<string>? warnings;
    private double stepSeconds;
    private double rangeSeconds;
    private long regexSize;

    public PlanLimits Plan => account.Limits;

    /// <summary>What the answer is to warn of.</summary>
    public IReadOnlyList<string> Warnings => (IReadOnlyList<string>?)warnings ?? [];

    /// <summary>The most elements of the answer's list; null where there is no such limit.</summary>
    public int? ElementsMax { get; private set; }

    /// <summary>The client itself asked for no more than <see cref="ElementsMax"/>.</summary>
    public bool ElementsMaxIsClients { get; private set; }

    /// <summary>The time that the query has is the plan's, and not one that the client asked for.</summary>
    public bool TimeoutIsPlans { get; private set; }

    /// <summary>The answer must be read here, so it must come uncompressed.</summary>
    public bool EditsAnswer => warnings is not null || ElementsMax is not null;

    /// <summary>Counts the request; it is refused if there were too many.</summary>
    public Refusal? TakeRequest()
    {
        if (account.Requests.Take() is { } wait)
            return LimitRefusals.Rate(Plan, wait);
        if (IsNear(account.Requests.Used(), Plan.RequestBurst))
            Warn(LimitNames.RequestsPerSecond, $"requests come faster than {Plan.RequestsPerSecond} a second, and little is left of the {Plan.RequestBurst} that may come at once");
        return null;
    }

    /// <summary>Notes how full the tenant's queue is.</summary>
    public void Entered(Lane lane)
    {
        if (IsNear(lane.Inside + lane.Waiters.Count, lane.Limit + lane.QueueLimit))
            Warn(LimitNames.ConcurrentQueries, $"{Plan.ConcurrentQueries} queries run at once and most of the {Plan.QueuedQueries} places to wait are taken");
    }

    /// <summary>Checks the parameters, and puts what the plan allows in place of what goes beyond it where that is no change of meaning.</summary>
    public Refusal? Check(Route route, RequestParameters parameters) => route.Treatment switch
    {
        Treatment.Expression when route.Path == "/api/v1/query_range" => CheckTimeout(parameters) ?? CheckRange(parameters),
        Treatment.Expression when route.Path == "/api/v1/query" => CheckTimeout(parameters) ?? ReadTime(parameters, "time", null, out _),
        Treatment.Expression => ReadTimes(parameters),
        Treatment.Selectors or Treatment.OptionalSelectors => ReadTimes(parameters) ?? CheckLimit(parameters),
        _ => null,
    };

    /// <summary>
    /// Adds up the size of the request's regular expressions, wherever they stand. All of them are compiled at once, most of them before
    /// anything is evaluated.
    /// </summary>
    public Refusal? TakeRegexes(long size) => (regexSize += size) > RegexSize.Max ? LimitRefusals.Regexes(regexSize) : null;

    /// <summary>Checks the regular expressions of an expression, the ranges inside it, and how often its subqueries are evaluated.</summary>
    public Refusal? Check(Expr expr) =>
        TakeRegexes(RegexSize.Of(expr))
        ?? CheckSpan(QueryReach.Of(expr, stepSeconds, rangeSeconds), "a range in this query, with that of the subqueries around it, is")
        ?? CheckSubqueries(SubqueryPoints.Of(expr, stepSeconds, rangeSeconds));

    /// <summary>Checks the time that one query of a remote read asks for, from and to milliseconds since 1970.</summary>
    public Refusal? CheckRead(long start, long end) => CheckSpan((double)((Int128)end - start) / 1000, "this remote read spans");

    /// <summary>Checks how many bytes an answer has; it is refused before anything is sent.</summary>
    public Refusal? CheckLength(long? length) => length > Plan.ResponseBytes ? LimitRefusals.TooLong(Plan, length.Value) : null;

    private Refusal? CheckRange(RequestParameters parameters)
    {
        if (ReadTime(parameters, "start", "", out var start) is { } badStart)
            return badStart;
        if (ReadTime(parameters, "end", "", out var end) is { } badEnd)
            return badEnd;
        if (end < start)
            return Refusal.BadData("invalid parameter \"end\": end timestamp must not be before start time");
        if (!ApiTime.TryDuration(parameters["step"] ?? "", out var step, out var plain))
            return Unreadable("step", parameters["step"], "duration");
        if (step <= 0)
            return Refusal.BadData("invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer");
        parameters.Replace("step", plain);

        (stepSeconds, rangeSeconds) = (step / NanosecondsPerSecond, (double)((Int128)end - start) / 1000);
        if (CheckSpan(rangeSeconds, "this query spans, from start to end,") is { } tooFar)
            return tooFar;
        var points = rangeSeconds / stepSeconds;
        if (Math.Floor(points) > Plan.QueryPoints)
            return LimitRefusals.Points(Plan);
        if (IsNear(points, Plan.QueryPoints))
            Warn(LimitNames.QueryPoints, $"this query has {(long)points} steps per series of {Plan.QueryPoints}");
        return null;
    }

    private Refusal? CheckSubqueries(double points)
    {
        if (points > Plan.SubqueryPoints)
            return LimitRefusals.SubqueryPoints(Plan, points);
        if (IsNear(points, Plan.SubqueryPoints))
            Warn(LimitNames.SubqueryPoints, $"the subqueries of this query are evaluated at {(long)points} points, taken together, of {Plan.SubqueryPoints}");
        return null;
    }

    /// <summary>Sees to it that upstream stops in the plan's time; <c>lookback_delta</c> is a range like any other.</summary>
    private Refusal? CheckTimeout(RequestParameters parameters)
    {
        var given = parameters["timeout"];
        var own = Plan.QueryTimeoutText;
        var timeout = long.MaxValue;
        if (!string.IsNullOrEmpty(given) && !ApiTime.TryDuration(given, out timeout, out own))
            return Unreadable("timeout", given, "duration");
        TimeoutIsPlans = timeout > Plan.QueryTimeout.TotalNanoseconds;
        parameters.Replace("timeout", TimeoutIsPlans ? Plan.QueryTimeoutText : own);

        if (parameters["lookback_delta"] is not { Length: > 0 } lookback)
            return null;
        if (!ApiTime.TryDuration(lookback, out var delta, out var plainDelta))
            return Unreadable("lookback_delta", lookback, "duration");
        parameters.Replace("lookback_delta", plainDelta);
        return CheckSpan(delta / NanosecondsPerSecond, "lookback_delta is");
    }

    /// <summary>The upper limit of a list: the client's own, or the plan's where that is lower.</summary>
    private Refusal? CheckLimit(RequestParameters parameters)
    {
        var given = parameters["limit"];
        var limit = 0L;
        if (!string.IsNullOrEmpty(given) && (!long.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out limit) || limit < 0))
            return Refusal.BadData("invalid parameter \"limit\": limit must be a number that is not negative");
        ElementsMaxIsClients = limit > 0 && limit <= Plan.Series;
        ElementsMax = ElementsMaxIsClients ? (int)limit : Plan.Series;

        // One more than may be shown, so that the answer tells whether there is more.
        parameters.Replace("limit", (ElementsMaxIsClients ? limit : Plan.Series + 1L).ToString(CultureInfo.InvariantCulture));
        return null;
    }

    private static Refusal? ReadTimes(RequestParameters parameters) =>
        ReadTime(parameters, "start", null, out _) ?? ReadTime(parameters, "end", null, out _);

    private static Refusal? ReadTime(RequestParameters parameters, string name, string? absent, out long milliseconds)
    {
        milliseconds = 0;
        var given = parameters[name] is { Length: > 0 } text ? text : absent;
        if (given is null)
            return null;
        if (!ApiTime.TryTime(given, out milliseconds, out var plain))
            return Unreadable(name, given, "timestamp");
        parameters.Replace(name, plain);
        return null;
    }

    private static Refusal Unreadable(string name, string? text, string kind) =>
        Refusal.BadData($"invalid parameter \"{name}\": cannot parse \"{text}\" to a valid {kind}");

    private Refusal? CheckSpan(double seconds, string what)
    {
        var limit = Plan.QueryRange.TotalSeconds;
        if (!(seconds <= limit))
            return LimitRefusals.Range(Plan, what, seconds);
        if (IsNear(seconds, limit))
            Warn(LimitNames.QueryRange, $"{what} {ApiTime.Print(TimeSpan.FromSeconds(seconds))} of {ApiTime.Print(Plan.QueryRange)}");
        return null;
    }

    /// <summary>Adds a sentence to what the answer warns of.</summary>
    public void Warn(string warning) => (warnings ??= []).Add(warning);

    private static bool IsNear(double used, double limit) => used >= limit * WarnFrom;

    private void Warn(string limit, string what) => Warn(LimitRefusals.Warning(Plan, limit, what));
}
