using System.Net;
using System.Net.Http.Headers;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.Testing.Gateway;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Snappier;
using Xunit;
using Type = AivenMetrics.Gateway.Scoping.ReadMatcher.Types.Type;

namespace AivenMetrics.Tests.Gateway.Scoping;

public sealed class RemoteReadTests : GatewayTestBase
{
    private const string Streamed = "application/x-streamed-protobuf; proto=Prometheus.ChunkedReadResponse";

    protected override Task<RunningGateway> StartGatewayAsync()
    {
        Prometheus.Respond = context => AnswerAsync(context, 200, "application/x-protobuf", "snappy", [1, 2, 3]);
        return base.StartGatewayAsync();
    }

    [Fact]
    public async Task Every_query_gets_the_scope_after_its_own_matchers_and_is_otherwise_unchanged()
    {
        var first = Query(("__name__", Type.Eq, "up"), ("space_id", Type.Eq, "b"));
        first.Hints = new ReadHints
        {
            StepMs = 7,
            Func = "rate",
            StartMs = 1100,
            EndMs = 1900,
            By = true,
            RangeMs = 9,
        };
        first.Hints.Grouping.Add("job");
        var second = Query(("job", Type.Nre, "x.*"));
        var sent = new ReadRequest { Queries = { first, second } };
        sent.AcceptedResponseTypes.Add([ReadResponseType.StreamedXorChunks, ReadResponseType.Samples]);
        var expected = sent.Clone();
        foreach (var query in expected.Queries)
        {
            query.Matchers.Add(
                new ReadMatcher
                {
                    Type = Type.Re,
                    Name = "space_id",
                    Value = "a",
                }
            );
        }

        using var response = await ReadAsync(Bytes(sent));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected, Received());
        Assert.Equal("/api/v1/read", Prometheus.SingleRequest.Path);
        Assert.Equal("snappy", Prometheus.SingleRequest.Headers["Content-Encoding"].ToString());
        Assert.Equal("0.1.0", Prometheus.SingleRequest.Headers["X-Prometheus-Remote-Read-Version"].ToString());
    }

    [Theory]
    [InlineData(0, 93L * 86_400_000, 200)]
    [InlineData(1, 93L * 86_400_000 + 1, 200)]
    [InlineData(0, 93L * 86_400_000 + 1, 422)]
    [InlineData(long.MinValue, long.MaxValue, 422)]
    public async Task The_span_of_a_query_is_limited(long start, long end, int status)
    {
        var query = new ReadQuery { StartTimestampMs = start, EndTimestampMs = end };
        using var response = await ReadAsync(Bytes(new ReadRequest { Queries = { Query(("__name__", Type.Eq, "up")), query } }));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 200 ? 1 : 0, Prometheus.Requests.Count);
        if (status == 422)
        {
            Assert.Contains("(query_range) 93d", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// Prometheus 2 and 3 send these for their own /api/v1/series. The server reads no samples for a response of type samples.
    /// </summary>
    [Theory]
    [InlineData]
    [InlineData((int)ReadResponseType.Samples)]
    [InlineData((int)ReadResponseType.StreamedXorChunks, (int)ReadResponseType.Samples)]
    public async Task A_query_for_labels_may_span_all_time_if_no_samples_are_read(params int[] accepted)
    {
        using var response = await ReadAsync(ForLabels(accepted));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var sent = Received();
        Assert.Equal("series", sent.Queries[0].Hints.Func);
        Assert.Equal([ReadResponseType.Samples], sent.AcceptedResponseTypes);
    }

    /// <summary>
    /// Prometheus puts all samples into streamed chunks, whatever the hints are. The content of other response types is unknown.
    /// </summary>
    [Theory]
    [InlineData((int)ReadResponseType.StreamedXorChunks)]
    [InlineData(2)]
    public async Task A_query_for_labels_that_accepts_only_responses_with_samples_is_limited(int accepted)
    {
        using var response = await ReadAsync(ForLabels(accepted));
        Assert.Equal(422, (int)response.StatusCode);
        Assert.Contains("(query_range) 93d", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(Prometheus.Requests);
    }

    /// <summary>The plan limits the time of the query, but Prometheus reads the time of the hints, even beyond it.</summary>
    [Fact]
    public async Task Hints_are_bounded_by_the_time_of_their_query()
    {
        var query = Query(("job", Type.Eq, "x"));
        query.Hints = new ReadHints
        {
            Func = "rate",
            StartMs = long.MinValue,
            EndMs = long.MaxValue,
        };
        using var response = await ReadAsync(Bytes(new ReadRequest { Queries = { query } }));
        var hints = Received().Queries[0].Hints;
        Assert.Equal((1000, 2000), (hints.StartMs, hints.EndMs));
    }

    [Fact]
    public async Task A_matcher_without_a_name_is_400_and_a_regex_error_of_Prometheus_is_422()
    {
        using var nameless = await ReadAsync(Bytes(new ReadRequest { Queries = { Query(("", Type.Neq, "x")) } }));
        Assert.Equal(400, (int)nameless.StatusCode);
        Assert.Empty(Prometheus.Requests);

        Prometheus.Respond = context =>
            ScriptedPrometheus.WriteAsync(context, 500, "error parsing regexp: invalid character class range", "text/plain");
        using var odd = await ReadAsync(Bytes(new ReadRequest { Queries = { new ReadQuery() } }));
        Assert.Equal(422, (int)odd.StatusCode);
    }

    /// <summary>Prometheus accepts at most ten remote reads at a time. Each ends when its response is read.</summary>
    [Fact]
    public async Task A_slow_tenant_does_not_block_the_remote_reads_of_others()
    {
        var whole = new TaskCompletionSource();
        Prometheus.Respond = async context =>
        {
            context.Response.ContentType = "application/x-protobuf";
            await context.Response.Body.WriteAsync(new byte[] { 1 });
            await context.Response.Body.FlushAsync();
            await whole.Task;
        };
        var slow = Enumerable
            .Range(0, 6)
            .Select(_ => ReadAsync(Bytes(new ReadRequest { Queries = { Query(("job", Type.Eq, "x")) } })))
            .ToList();
        await Gateway.WaitUntilAsync(() => Prometheus.Requests.Count == 2, "the reads of the first tenant");
        Prometheus.Respond = context => AnswerAsync(context, 200, "application/x-protobuf", "snappy", [1, 2, 3]);

        using var other = await ReadAsync(
            Bytes(new ReadRequest { Queries = { Query(("job", Type.Eq, "x")) } }),
            RunningGateway.ServicesTenant
        );

        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Equal(3, Prometheus.Requests.Count);
        whole.SetResult();
        foreach (var response in await Task.WhenAll(slow))
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            await response.Content.ReadAsByteArrayAsync();
            response.Dispose();
        }
    }

    [Fact]
    public async Task A_query_without_matchers_gets_those_of_the_scope()
    {
        using var response = await ReadAsync(Bytes(new ReadRequest { Queries = { new ReadQuery() } }), RunningGateway.ServicesTenant);
        var matcher = Assert.Single(Assert.Single(Received().Queries).Matchers);
        Assert.Equal((Type.Re, "service_instance_id", "one|two\\.x"), (matcher.Type, matcher.Name, matcher.Value));
    }

    /// <summary>Prometheus drops an equality matcher that one of its external labels satisfies, but keeps a regular expression.</summary>
    [Fact]
    public async Task The_scope_is_sent_as_an_escaped_regular_expression()
    {
        var tenants = RunningGateway.TenantsJson(
            RunningGateway.Tenant(RunningGateway.TenantA, """[{"name":"space_id","type":"=","value":"a.b|c"}]""")
        );
        await using var other = await RunningGateway.StartAsync([Prometheus.Url], tenants);
        using var response = await ReadAsync(Bytes(new ReadRequest { Queries = { new ReadQuery() } }), RunningGateway.TenantA, other);
        var matcher = Assert.Single(Assert.Single(Received().Queries).Matchers);
        Assert.Equal((Type.Re, "a\\.b\\|c"), (matcher.Type, matcher.Value));
    }

    [Fact]
    public async Task Unknown_fields_are_not_forwarded()
    {
        // Field 9 of the request and field 14 of the query, each with a number.
        byte[] query = [.. Query(("job", Type.Eq, "x")).ToByteArray(), 14 << 3, 1];
        byte[] request = [1 << 3 | 2, (byte)query.Length, .. query, 9 << 3, 1];

        using var response = await ReadAsync(Snappy.CompressToArray(request));

        var sent = Snappy.DecompressToArray(Prometheus.SingleRequest.Body);
        Assert.Equal(ReadRequest.Parser.WithDiscardUnknownFields(true).ParseFrom(sent).ToByteArray(), sent);
    }

    [Theory]
    [InlineData("application/x-protobuf", "snappy")]
    [InlineData(Streamed, null)]
    public async Task The_response_is_forwarded_unchanged(string type, string? encoding)
    {
        var body = Enumerable.Range(0, 100_000).Select(i => (byte)i).ToArray();
        Prometheus.Respond = context => AnswerAsync(context, 200, type, encoding, body);

        using var response = await ReadAsync(Bytes(new ReadRequest { Queries = { new ReadQuery() } }));

        Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
        Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
    }

    public static TheoryData<string, byte[]> InvalidRequests =>
        new()
        {
            { "nothing", [] },
            { "no snappy", "query=up"u8.ToArray() },
            { "snappy of text", Snappy.CompressToArray("query=up"u8.ToArray()) },
            { "a length of 4 GiB", [0xff, 0xff, 0xff, 0xff, 0x0f, 0] },
            { "a length of 64 MiB in 5 bytes", [0x80, 0x80, 0x80, 0x20, 0] },
            {
                "half a request",
                Snappy.CompressToArray(
                    new ReadRequest { Queries = { Query(("job", Type.Eq, "x")) } }
                        .ToByteArray()
                        .AsSpan()[..^2]
                )
            },
            { "an expression that is none", Bytes(new ReadRequest { Queries = { Query(("job", Type.Re, "(")) } }) },
            { "an unknown type of matcher", Bytes(new ReadRequest { Queries = { Query(("job", (Type)4, "x")) } }) },
            { "too many queries", Bytes(new ReadRequest { Queries = { Enumerable.Repeat(new ReadQuery(), 101) } }) },
            { "too many matchers", Bytes(new ReadRequest { Queries = { Query([.. Enumerable.Repeat(("job", Type.Eq, "x"), 1001)]) } }) },
        };

    [Theory]
    [MemberData(nameof(InvalidRequests))]
    public async Task An_invalid_request_is_400_and_not_forwarded(string what, byte[] body)
    {
        using var response = await ReadAsync(body);
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, what);
        Assert.Contains("\"errorType\":\"bad_data\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(Prometheus.Requests);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "snappy")]
    [InlineData("application/x-protobuf", null)]
    [InlineData("application/x-protobuf", "gzip")]
    public async Task Another_body_format_is_415(string type, string? encoding)
    {
        using var content = new ByteArrayContent(Bytes(new ReadRequest()));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }
        using var response = await Gateway.SendAsync(RunningGateway.TenantA, HttpMethod.Post, "/api/v1/read", content);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Empty(Prometheus.Requests);
    }

    [Theory]
    [InlineData(400, "exceeded sample limit (50000000)", 400, "exceed the sample limit of the metrics store")]
    [InlineData(500, "error parsing regexp: expression nests too deeply: `space_id`", 422, "rejected this request")]
    public async Task An_error_of_Prometheus_is_translated(int status, string serverError, int answered, string reported)
    {
        Prometheus.Respond = context =>
            AnswerAsync(context, status, "text/plain; charset=utf-8", null, System.Text.Encoding.UTF8.GetBytes(serverError));
        using var response = await ReadAsync(Bytes(new ReadRequest { Queries = { new ReadQuery() } }));
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(answered, (int)response.StatusCode);
        Assert.Contains(reported, text, StringComparison.Ordinal);
        Assert.DoesNotContain("space_id", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_without_remote_read_is_404_and_is_not_demoted()
    {
        Prometheus.Respond = context => AnswerAsync(context, 404, "text/plain", null, "nothing here"u8.ToArray());
        using var response = await ReadAsync(Bytes(new ReadRequest { Queries = { new ReadQuery() } }));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("does not support this path", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(Gateway.Log, line => line.Contains("failed", StringComparison.Ordinal));
    }

    /// <summary>Asserts that every query of a remote read has the tenant's scope.</summary>
    internal static void AssertScoped(ReceivedRequest request, string space)
    {
        var read = ReadRequest.Parser.ParseFrom(Snappy.DecompressToArray(request.Body));
        Assert.All(read.Queries, query => Assert.Contains(query.Matchers, m => (m.Type, m.Name, m.Value) == (Type.Re, "space_id", space)));
    }

    private static ReadQuery Query(params (string Name, Type Type, string Value)[] matchers)
    {
        var query = new ReadQuery { StartTimestampMs = 1000, EndTimestampMs = 2000 };
        query.Matchers.Add(
            matchers.Select(m => new ReadMatcher
            {
                Name = m.Name,
                Type = m.Type,
                Value = m.Value,
            })
        );
        return query;
    }

    private static byte[] ForLabels(params int[] accepted)
    {
        var query = new ReadQuery
        {
            StartTimestampMs = long.MinValue,
            EndTimestampMs = long.MaxValue,
            Hints = new ReadHints { Func = "series" },
        };
        return Bytes(new ReadRequest { Queries = { query }, AcceptedResponseTypes = { accepted.Cast<ReadResponseType>() } });
    }

    private static byte[] Bytes(ReadRequest request) => Snappy.CompressToArray(request.ToByteArray());

    private ReadRequest Received() => ReadRequest.Parser.ParseFrom(Snappy.DecompressToArray(Prometheus.SingleRequest.Body));

    private async Task<HttpResponseMessage> ReadAsync(byte[] body, (string, string)? tenant = null, RunningGateway? through = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/x-protobuf");
        content.Headers.ContentEncoding.Add("snappy");
        return await (through ?? Gateway).SendAsync(tenant ?? RunningGateway.TenantA, HttpMethod.Post, "/api/v1/read", content);
    }

    private static async Task AnswerAsync(HttpContext context, int status, string type, string? encoding, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        if (encoding is not null)
        {
            context.Response.Headers.ContentEncoding = encoding;
        }
        await context.Response.Body.WriteAsync(body);
    }
}
