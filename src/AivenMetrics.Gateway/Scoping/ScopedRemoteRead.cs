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
/// Creates the remote read that a Prometheus server receives: decodes the request, adds the scope to the matchers of every query and
/// encodes it again. No bytes of the client are forwarded. The response contains only series that the matchers select, so it needs no
/// filter.
/// </summary>
internal static class ScopedRemoteRead
{
    /// <summary>
    /// The maximum size of a request in bytes after decompression, 4 MiB. Prometheus sends one query of a few hundred bytes.
    /// </summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>The maximum number of queries in one request.</summary>
    public const int MaxQueries = 100;

    // The metacharacters of RE2.
    private const string RegexMetacharacters = @"\.+*?()|[]{}^$";

    private static readonly MessageParser<ReadRequest> Parser = ReadRequest.Parser.WithDiscardUnknownFields(true);

    /// <summary>Creates the scoped request.</summary>
    /// <param name="body">The body of the client: a snappy block of a <c>ReadRequest</c>.</param>
    /// <param name="scope">The matchers of the credential.</param>
    /// <param name="limits">The limits of the request.</param>
    /// <returns>The request, or the error.</returns>
    public static (UpstreamRequest? Request, GatewayError? Error) Create(ReadOnlySpan<byte> body, TenantScope scope, RequestLimits limits)
    {
        if (Decode(body) is not { } request)
        {
            return (
                null,
                GatewayError.BadData(
                    "The body is not a valid remote read request. Send protobuf of at most 4 MiB, compressed as a snappy block."
                )
            );
        }
        if (request.Queries.Count > MaxQueries)
        {
            return (
                null,
                GatewayError.BadData($"The remote read has {request.Queries.Count} queries; the limit is {MaxQueries}. Split the request.")
            );
        }

        var readsNoSamples = RequestSamplesForSeriesQueries(request);
        var enforced = scope.Matchers.Select(ToEnforcedMatcher).ToArray();
        foreach (var query in request.Queries)
        {
            if (query.Matchers.Count > PromQLParser.MaxSelectors)
            {
                return (
                    null,
                    GatewayError.BadData(
                        $"A query of the remote read has {query.Matchers.Count} matchers; the limit is {PromQLParser.MaxSelectors}. "
                            + "Use fewer matchers."
                    )
                );
            }
            if (query.Matchers.Select(GetMatcherError).FirstOrDefault(error => error is not null) is { } error)
            {
                return (null, GatewayError.BadData(error));
            }
            if (limits.CheckRegexSize(query.Matchers.Sum(matcher => ToLabelMatcher(matcher).RegexSize())) is { } tooLarge)
            {
                return (null, tooLarge);
            }
            if (!(readsNoSamples && IsSeriesQuery(query)) && CheckTime(query, limits) is { } tooLong)
            {
                return (null, tooLong);
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
    /// Returns whether a query requests labels only. Prometheus sends such a query for its <c>/api/v1/series</c>, over all time by default
    /// (<c>SelectHints.Func</c>). The server reads no samples for a response of type samples, but does for streamed chunks.
    /// </summary>
    private static bool IsSeriesQuery(ReadQuery query) => query.Hints?.Func == "series";

    /// <summary>
    /// Requests the response type samples if a query requests labels only, because that response contains no samples for it. Prometheus 3
    /// accepts this type in addition to streamed chunks, and a client that names no type receives it anyway.
    /// </summary>
    /// <returns>Whether such queries read no samples: false if there is none, or if the client does not accept the type.</returns>
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

    /// <summary>
    /// Checks the time range of a query and bounds its hints by it: Prometheus reads the range of the hints, even beyond the query.
    /// </summary>
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
            return $"A matcher of the remote read has the unknown type {(int)matcher.Type}. Use EQ, NEQ, RE or NRE (0 to 3).";
        }
        if (matcher.Name.Length == 0)
        {
            return "A matcher of the remote read has no label name. Name the label.";
        }
        try
        {
            // This only validates the expression. Prometheus would report an invalid one as an internal error.
            _ = ToLabelMatcher(matcher).MatchesEmpty();
            return null;
        }
        catch (FormatException e)
        {
            return $"A matcher of the remote read is not valid: {e.Message}. Correct the regular expression.";
        }
    }

    private static LabelMatcher ToLabelMatcher(ReadMatcher matcher) => new(matcher.Name, (MatchType)matcher.Type, matcher.Value);

    /// <summary>
    /// Converts a matcher of the scope. An equality is written as a regular expression, because Prometheus ignores an equality with one of
    /// its own external labels, but no regular expression.
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
