using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>Sends the raw attack requests and the attack queries through the gateway to real servers with two tenants.</summary>
public sealed class AttackedServersTests(TwoTenantServers tenants)
{
    private static readonly string Authorization =
        $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{TwoTenantServers.Username}:{TwoTenantServers.Password}"))}";

    public static MatrixTheoryData<QueryServer, string> Files => new(Enum.GetValues<QueryServer>(), RawAttack.Files());

    public static MatrixTheoryData<QueryServer, string> Queries =>
        new(Enum.GetValues<QueryServer>(), AttackTests.QueriesForTheOthers.Select(row => row.Data));

    [Theory]
    [MemberData(nameof(Files))]
    public async Task No_raw_request_shows_another_tenant(QueryServer server, string file)
    {
        var before = await tenants.BeforeAsync(server);
        // Most of the time is spent waiting for a second response on a connection that stays open.
        await Parallel.ForEachAsync(RawAttack.Read(file), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (attack, _) =>
        {
            var answer = await SendRawAsync(before.Url.Port, attack.Bytes(Authorization));

            var status = RawAttack.StatusOf(answer);
            Assert.True(status < 500 || attack.Status.Contains(status), $"{attack.Sentence}: {answer}");
            Assert.All(TwoTenantServers.MarksOfB, mark =>
                Assert.False(Said(answer, attack).Contains(mark, StringComparison.Ordinal), $"{attack.Sentence}: {answer}")
            );
        });

        // The server still responds.
        using var response = await before.A.GetAsync(new Uri("/api/v1/query?query=only_a_metric", UriKind.Relative));
        Assert.Contains("of-a", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Queries of <see cref="AttackTests"/>, with the other tenant in the same server.</summary>
    [Theory]
    [MemberData(nameof(Queries))]
    public async Task No_query_has_a_value_from_another_tenant(QueryServer server, string query)
    {
        var before = await tenants.BeforeAsync(server);
        var attack = query.Replace("VICTIM", "b", StringComparison.Ordinal).Replace("OWN", "a", StringComparison.Ordinal);
        var encoded = Uri.EscapeDataString(attack);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

        using var instant = await before.A.GetAsync(new Uri($"/api/v1/query?query={encoded}&time={now}", UriKind.Relative));
        using var range = await before.A.GetAsync(
            new Uri($"/api/v1/query_range?query={encoded}&start={now}&end={now}&step=5", UriKind.Relative)
        );

        foreach (var response in new[] { instant, range })
        {
            var body = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.UnprocessableEntity, body);
            Assert.All(TwoTenantServers.MarksOfB, mark => Assert.DoesNotContain(mark, body, StringComparison.Ordinal));
            Assert.DoesNotContain("\"b\"", body, StringComparison.Ordinal);
            Assert.True(response.StatusCode != HttpStatusCode.OK || body.Contains("\"result\":[]", StringComparison.Ordinal), body);
        }
    }

    /// <summary>An error or an <c>absent</c> may repeat the tenant's own query.</summary>
    private static string Said(string answer, RawAttack attack) =>
        TwoTenantServers.MarksOfB.Any(mark =>
            string.Concat(attack.Head).Contains(mark, StringComparison.Ordinal)
            || attack.Body?.Contains(mark, StringComparison.Ordinal) == true
        )
            ? ""
            : answer;

    private static async Task<string> SendRawAsync(int port, byte[] request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var stream = client.GetStream();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var received = new MemoryStream();
        var piece = new byte[16 << 10];
        try
        {
            await stream.WriteAsync(request, timeout.Token);
            while (await stream.ReadAsync(piece, timeout.Token) is > 0 and var length)
            {
                received.Write(piece, 0, length);
                // Once the response has started, a short timeout is enough.
                timeout.CancelAfter(TimeSpan.FromSeconds(1));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The connection was reset or stays open: the bytes until now are the response.
        }

        return Encoding.Latin1.GetString(received.ToArray());
    }
}
