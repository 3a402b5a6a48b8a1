using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.PromQL;
using Google.Protobuf;
using Snappier;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Gateway.Scoping;

/// <summary>
/// Makes the remote read that a Prometheus gets: decoded, the scope added to the matchers of every query, and written anew, so that
/// nothing of the client's bytes passes. The answer needs no such care: it holds what those matchers select.
/// </summary>
internal static class ScopedRemoteRead
{
    /// <summary>The largest request once it is uncompressed, 4 MiB. Prometheus sends one query of a few hundred bytes.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>The most queries in one request.</summary>
    public const int MaxQueries = 100;

    // These have a meaning in an RE2 expression.
    private const string RegexMetacharacters = @"\.+*?()|[]{}^$";

    private static readonly MessageParser<ReadRequest> Parser = ReadRequest.Parser.WithDiscardUnknownFields(true);

    /// <summary>The request for upstream, or why there is none.</summary>
    /// <param name="body">The client's body: a snappy block of a <c>ReadRequest</c>.</param>
    /// <param name="scope">The matchers of the credential.</param>
    /// <param name="limits">What the tenant may ask.</param>
    public static (UpstreamRequest? Request, GatewayError? Refusal) Create(ReadOnlySpan<byte> body, TenantScope scope, RequestLimits limits)
    {
        if (Decode(body) is not { } request)
        {
            return (
                null,
                GatewayError.BadData(
                    "the body is no remote read request: it must be protobuf, compressed as a snappy block, of at most 4 MiB"
                )
            );
        }
        if (request.Queries.Count > MaxQueries)
        {
            return (null, GatewayError.BadData($"there are more than {MaxQueries} queries in one remote read: ask in several requests"));
        }

        var readsNoSamples = RequestSamplesForSeriesQueries(request);
        var enforced = scope.Matchers.Select(ToEnforcedMatcher).ToArray();
        foreach (var query in request.Queries)
        {
            if (query.Matchers.Count > PromQLParser.MaxSelectors)
            {
                return (null, GatewayError.BadData($"a query has more than {PromQLParser.MaxSelectors} matchers"));
            }
            if (query.Matchers.Select(GetMatcherError).FirstOrDefault(fault => fault is not null) is { } fault)
            {
                return (null, GatewayError.BadData(fault));
            }
            if (limits.CheckRegexSize(query.Matchers.Sum(matcher => ToLabelMatcher(matcher).RegexSize())) is { } tooMuch)
            {
                return (null, tooMuch);
            }
            if (!(readsNoSamples && IsSeriesQuery(query)) && CheckTime(query, limits) is { } tooFar)
            {
                return (null, tooFar);
            }
            query.Matchers.Add(enforced);
        }

        QueryWindow? window =
            request.Queries.Count == 0 || readsNoSamples
                ? null
                : new(request.Queries.Min(query => query.StartTimestampMs), request.Queries.Max(query => query.EndTimestampMs));
        return (UpstreamRequest.RemoteRead(Snappy.CompressToArray(request.ToByteArray()), window), null);
    }

    /// <summary>
    /// So a Prometheus asks for its <c>/api/v1/series</c>, of all time unless its own client names one (<c>SelectHints.Func</c>). The server
    /// then reads no samples for an answer of samples; into an answer of streamed chunks it puts them all the same.
    /// </summary>
    private static bool IsSeriesQuery(ReadQuery query) => query.Hints?.Func == "series";

    /// <summary>
    /// Where a query asks for labels, the answer that holds none of their samples is the only one asked for. Prometheus 3 accepts it too,
    /// behind streamed chunks; who names no form of answer gets it anyway.
    /// </summary>
    /// <returns>Whether such queries have no samples read: false if there is none, or if the client does not accept that answer.</returns>
    private static bool RequestSamplesForSeriesQueries(ReadRequest request)
    {
        var accepted = request.AcceptedResponseTypes;
        if (!request.Queries.Any(IsSeriesQuery) || (accepted.Count > 0 && !accepted.Contains(ReadResponseType.Samples)))
        {
            return false;
        }
        accepted.Clear();
        accepted.Add(ReadResponseType.Samples);
        return true;
    }

    /// <summary>Checks the time that a query asks for, and keeps its hints within it: Prometheus reads by the hints, beyond the query.</summary>
    private static GatewayError? CheckTime(ReadQuery query, RequestLimits limits)
    {
        if (query.Hints is { } hints)
        {
            hints.StartMs = Math.Max(hints.StartMs, query.StartTimestampMs);
            hints.EndMs = Math.Min(hints.EndMs, query.EndTimestampMs);
        }

        return limits.CheckRemoteRead(query.StartTimestampMs, query.EndTimestampMs);
    }

    private static ReadRequest? Decode(ReadOnlySpan<byte> body)
    {
        try
        {
            if (Snappy.GetUncompressedLength(body) is not (>= 0 and <= MaxBytes))
            {
                return null;
            }
            return Parser.ParseFrom(Snappy.DecompressToArray(body));
        }
        catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException or ArgumentException)
        {
            return null;
        }
    }

    private static string? GetMatcherError(ReadMatcher matcher)
    {
        if (
            matcher.Type
            is not (ReadMatcher.Types.Type.Eq or ReadMatcher.Types.Type.Neq or ReadMatcher.Types.Type.Re or ReadMatcher.Types.Type.Nre)
        )
        {
            return $"a matcher has the unknown type {(int)matcher.Type}";
        }
        if (matcher.Name.Length == 0)
        {
            return "a matcher names no label";
        }
        try
        {
            // Asked only whether its expression is one: Prometheus would answer a bad one like a fault of its own.
            _ = ToLabelMatcher(matcher).MatchesEmpty();
            return null;
        }
        catch (FormatException e)
        {
            return $"a matcher is not valid: {e.Message}";
        }
    }

    private static LabelMatcher ToLabelMatcher(ReadMatcher matcher) => new(matcher.Name, (MatchType)matcher.Type, matcher.Value);

    /// <summary>
    /// A matcher of the scope as remote read must carry it. Prometheus leaves an equality out where the label is one of its external
    /// labels with that value, but never a regular expression: an equality is therefore written as one.
    /// </summary>
    private static ReadMatcher ToEnforcedMatcher(LabelMatcher matcher) =>
        new()
        {
            Type = ReadMatcher.Types.Type.Re,
            Name = matcher.Name,
            Value =
                matcher.Type == MatchType.Equal
                    ? string.Concat(
                        matcher.Value.Select(c => RegexMetacharacters.Contains(c, StringComparison.Ordinal) ? $"\\{c}" : c.ToString())
                    )
                    : matcher.Value,
        };
}
