using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

/// <summary>Gateways that are gone. The contract tests of both databases cover the rest.</summary>
public sealed class GatewayStoreTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_absent_gateway_is_not_awaited_and_is_deleted_after_a_day()
    {
        var folder = Directory.CreateTempSubdirectory("aiven-metrics-");
        await using (var database = Database.Open($"Data Source={Path.Combine(folder.FullName, "state.db")}"))
        {
            await database.MigrateAsync(null, Ct);
            var gateways = new GatewayStore(database);
            await gateways.ReportAsync("away", 10, true, Ct);
            await gateways.ReportAsync("gone", 10, true, Ct);
            await Age("away", TimeSpan.FromSeconds(11));
            await Age("gone", TimeSpan.FromHours(25));
            Assert.Empty(await gateways.AcknowledgementTimesAsync(Ct));

            await gateways.ReportAsync("new", 10, true, Ct);

            Assert.Single(await gateways.AcknowledgementTimesAsync(Ct));
            Assert.Equal(["away", "new"], (await database.QueryAsync<string>("SELECT gateway_id FROM gateway", null, Ct)).Order());

            async Task Age(string gateway, TimeSpan age)
            {
                var seen = await gateways.NowAsync(Ct) - (age.Ticks / TimeSpan.TicksPerMicrosecond);
                await database.ExecuteAsync("UPDATE gateway SET seen_at = @seen WHERE gateway_id = @gateway", new { seen, gateway }, Ct);
            }
        }

        folder.Delete(recursive: true);
    }
}
