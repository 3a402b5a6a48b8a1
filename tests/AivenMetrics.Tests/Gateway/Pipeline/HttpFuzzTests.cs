using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Testing.Gateway;
using AivenMetrics.Tests.Gateway.Scoping;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Pipeline;

/// <summary>
/// Sends random bytes to the gateway's real listener: requests assembled from fragments, and randomly changed attacks. LONG_TESTS raises
/// the number of inputs for each engine from 3,000 to 200,000. FUZZ_SEED sets another seed.
/// </summary>
public sealed partial class HttpFuzzTests
{
    private static readonly int Inputs = Environment.GetEnvironmentVariable("LONG_TESTS") is { Length: > 0 } ? 200_000 : 3_000;

    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_SEED"), out var seed) ? seed : 20261123;

    private const int MaxConcurrency = 32;

    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromMilliseconds(300);

    private static readonly string Authorization = RunningGateway.Basic(RunningGateway.TenantA).ToString();

    private static readonly byte[][] Attacks =
    [
        .. RawAttack.Files().SelectMany(RawAttack.Read).Select(attack => attack.Bytes(Authorization)).Where(bytes => bytes.Length < 4096),
    ];

    /// <summary>Follows most inputs, so that a smuggled request becomes visible and the connection ends.</summary>
    private static readonly byte[] Tail = "\r\n\r\nGET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray();

    private static readonly string[] Methods =
    [
        "GET",
        "POST",
        "GET",
        "POST",
        "HEAD",
        "OPTIONS",
        "PUT",
        "DELETE",
        "QUERY",
        "get",
        "CONNECT",
        "G\tET",
        "",
    ];

    private static readonly string[] Paths =
    [
        .. RouteTable.Served.Select(route => route.Path),
        .. RouteTable.Forbidden.Select(forbidden => forbidden.Path),
    ];

    private static readonly string[] PathPieces =
    [
        "/",
        "//",
        "/..",
        "/.",
        "%2f",
        "%2e",
        "%00",
        "%",
        "%zz",
        "?",
        "#",
        ";x=1",
        "\\",
        "é",
        " ",
        "api",
        "v1",
        "/api/v1/query",
        "label",
        "/values",
        "U__a_2e_b",
        "%C3%A9",
        "*",
        "http://x/",
    ];

    private static readonly string[] Parameters =
    [
        "query",
        "match[]",
        "match%5B%5D",
        "time",
        "start",
        "end",
        "step",
        "timeout",
        "limit",
        "metric",
        "match_target",
        "state",
        "extra_filters[]",
        "extra_label",
        "%71uery",
        "Query",
        "type",
        "",
    ];

    private static readonly string[] Values =
    [
        "up",
        "up%7Bspace_id%3D%22b%22%7D",
        "{space_id=\"b\"}",
        "topk(scalar(x),y)",
        "a+or+b",
        "%00",
        "%ff",
        "%",
        "1",
        "-1",
        "1e999",
        "NaN",
        "",
        "up&query=x",
        "%26query%3Dx",
        "{",
        "%F0%9F%98%80",
        "a;b",
        "'",
        "info(up)",
        "((((((((((",
    ];

    private static readonly string[] Headers =
    [
        "Connection: close",
        "Connection: keep-alive",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: application/x-www-form-urlencoded; charset=utf-16",
        "Content-Type: application/x-protobuf",
        "Content-Encoding: snappy",
        "Content-Encoding: gzip",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity",
        "Content-Length: 3",
        "Content-Length: -1",
        "Content-Length: 99999999999999999999",
        "Expect: 100-continue",
        "Upgrade: h2c",
        "HTTP2-Settings: AAA",
        "X-Scope-OrgID: b",
        "Accept-Encoding: gzip, zstd, br;q=0",
        "Accept-Encoding: *;q=",
        "Accept: text/html",
        "Origin: null",
        "Host:",
        "Host: a b",
        "Authorization: Basic x",
        "Authorization: Bearer",
        "traceparent: \u0001",
        "Cookie: a=b",
        " folded",
        "X: " + "\u00ff",
        ": x",
        "X",
        "Range: bytes=0-",
        "Sec-Fetch-Mode: navigate",
    ];

    [Theory]
    [InlineData(QueryEngine.Prometheus)]
    [InlineData(QueryEngine.VictoriaMetrics)]
    public async Task No_input_causes_a_server_error_or_an_unscoped_request(QueryEngine engine)
    {
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        prometheus.Respond = AnswerAsync;
        prometheus.Version = engine == QueryEngine.Prometheus ? "3.14.0" : "2.24.0";
        await using var gateway = await RunningGateway.StartAsync(tenants => new GatewayOptions
        {
            Prometheus = [prometheus.Url],
            TenantsFile = tenants,
            Engine = engine,
            PathPrefix = "/i",
        });
        await gateway.WaitUntilReadyAsync();
        var port = new Uri(gateway.Url).Port;
        var (answered, forwarded, statuses) = (0, 0, new int[600]);

        await Parallel.ForAsync(
            0,
            Inputs,
            new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrency, CancellationToken = TestContext.Current.CancellationToken },
            async (i, aborted) =>
            {
                var random = new Random(unchecked((Seed * 31) + i));
                var input = random.Next(2) == 0 ? Request(random) : Mutated(random, Attacks[random.Next(Attacks.Length)]);
                if (random.Next(4) > 0)
                {
                    input = [.. input, .. Tail];
                }
                var answer = await SendAsync(port, i, input, aborted);

                foreach (Match match in StatusLine().Matches(answer))
                {
                    Interlocked.Increment(ref answered);
                    var status = int.Parse(match.Groups[1].Value, null);
                    Interlocked.Increment(ref statuses[status]);
                    // Kestrel answers an unknown version of HTTP with 505.
                    Assert.True(
                        status is < 500 or 505,
                        $"input {i} of seed {Seed}: {status} for\n{Encoding.Latin1.GetString(input)}\n{answer}"
                    );
                }

                Assert.DoesNotContain("   at AivenMetrics", answer, StringComparison.Ordinal);
                while (prometheus.Requests.TryDequeue(out var received))
                {
                    Interlocked.Increment(ref forwarded);
                    AttackTests.AssertScoped(received);
                    if (
                        engine == QueryEngine.VictoriaMetrics
                        && received.Path is not ("/api/v1/targets" or "/api/v1/rules" or "/api/v1/alerts")
                    )
                    {
                        Assert.Equal(["{space_id=\"a\"}"], received.Parameters["extra_filters[]"].ToArray());
                    }
                }
            }
        );

        Assert.DoesNotContain(gateway.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
        Assert.InRange(answered, Inputs / 3, int.MaxValue);
        Assert.InRange(forwarded, Inputs / 40, int.MaxValue);
        var counts = string.Join(
            ", ",
            Enumerable.Range(0, statuses.Length).Where(status => statuses[status] > 0).Select(status => $"{status}: {statuses[status]}")
        );
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{engine}: {Inputs} inputs from seed {Seed}, {answered} answers ({counts}), {forwarded} requests to the server, "
                + "all of them scoped."
        );
    }

    private static Task AnswerAsync(HttpContext context) =>
        context.Request.Path.Value switch
        {
            "/federate" => ScriptedPrometheus.WriteAsync(context, 200, "up 1\n", "text/plain; version=0.0.4"),
            "/api/v1/read" => ScriptedPrometheus.WriteAsync(context, 200, "", "application/x-protobuf"),
            _ => ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector),
        };

    private static byte[] Request(Random random)
    {
        string Any(string[] of) => of[random.Next(of.Length)];
        var target = new StringBuilder(random.Next(4) == 0 ? "/i" : "").Append(
            Any(Paths).Replace("{name}", Any(["job", "a.b", "%C3%A9", "U__x_2e_y", "%2e%2e"]), StringComparison.Ordinal)
        );
        for (var i = random.Next(7) - 4; i > 0; i--)
        {
            target.Insert(random.Next(target.Length + 1), Any(PathPieces));
        }
        var form = new StringBuilder(
            random.Next(2) == 0
                ? Any(["query=up", "query=sum(x{a=%22b%22})&start=1", "match[]=up", "match[]=x&match[]={space_id=%22b%22}"])
                : ""
        );
        for (var i = random.Next(4) - 1; i > 0; i--)
        {
            form.Append(form.Length > 0 ? "&" : "").Append(Any(Parameters)).Append('=').Append(Any(Values));
        }
        var method = random.Next(6) > 0 ? Any(["GET", "POST"]) : Any(Methods);
        var inBody = method != "GET" && random.Next(2) == 0;
        if (!inBody || random.Next(5) == 0)
        {
            target.Append('?').Append(form);
        }
        var head = new StringBuilder(
            $"{method} {target} HTTP/{(random.Next(20) > 0 ? "1.1" : Any(["1.0", "2", "1.9", "0.9"]))}\r\nHost: gateway.example\r\n"
        );
        if (random.Next(5) > 0)
        {
            head.Append($"Authorization: {Authorization}\r\n");
        }
        for (var i = random.Next(6) - 3; i > 0; i--)
        {
            head.Append(Any(Headers)).Append("\r\n");
        }
        var body = inBody ? form.ToString() : "";
        if (inBody && random.Next(4) > 0)
        {
            head.Append($"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n");
        }
        return Encoding.Latin1.GetBytes($"{head}\r\n{body}");
    }

    private static byte[] Mutated(Random random, byte[] source)
    {
        var bytes = source.ToList();
        for (var i = random.Next(4); i > 0 && bytes.Count > 0; i--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(20), bytes.Count - at)));
                    break;
                default:
                    bytes.InsertRange(at, Encoding.Latin1.GetBytes(Values[random.Next(Values.Length)]));
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Sends each input from its own address, because the delay after wrong passwords grows with each one of an address.</summary>
    private static async Task<string> SendAsync(int port, int input, byte[] request, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var received = new MemoryStream();
        try
        {
            socket.Bind(new IPEndPoint(new IPAddress([127, (byte)(1 + (input >> 16)), (byte)(input >> 8), (byte)input]), 0));
            await socket.ConnectAsync(IPAddress.Loopback, port, timeout.Token);
            await socket.SendAsync(request, timeout.Token);
            // Many inputs are incomplete requests, which get no response.
            timeout.CancelAfter(ResponseTimeout);
            var piece = new byte[16 << 10];
            while (await socket.ReceiveAsync(piece, timeout.Token) is > 0 and var length)
            {
                received.Write(piece, 0, length);
                timeout.CancelAfter(ResponseTimeout);
            }
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The connection was reset or stays open. The bytes received so far are the response.
        }

        return Encoding.Latin1.GetString(received.ToArray());
    }

    [GeneratedRegex(@"^HTTP/1\.[01] (\d{3}) ", RegexOptions.Multiline)]
    private static partial Regex StatusLine();
}
