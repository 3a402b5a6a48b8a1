using System.Net;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Osb;

/// <summary>Twenty equal requests at once, half of them to each of two brokers on one PostgreSQL: one effect, equal answers.</summary>
public sealed class ConcurrentRequestsTests(ConcurrentRequestsTests.TwoBrokers brokers) : IClassFixture<ConcurrentRequestsTests.TwoBrokers>
{
    private const int Requests = 20;

    [Fact]
    public async Task Osb_69_twenty_equal_provisions_of_two_brokers_make_one_instance()
    {
        var instance = Guid.NewGuid().ToString();

        var answers = await AtOnceAsync(Provision(instance));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(Requests - 1, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Single(answers.Select(answer => answer.Body.ToJsonString()).Distinct());
    }

    [Fact]
    public async Task Osb_69_twenty_equal_binds_of_two_brokers_make_one_credential()
    {
        var instance = await brokers.First.ProvisionAsync(SeededServices.Forecast.OrganizationId, SeededServices.Forecast.Id);

        var answers = await AtOnceAsync(platform => platform.TryBindAsync(instance, "b"));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(Requests - 1, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        var credentials = Assert.Single(answers.Select(answer => answer.Body["credentials"]!).DistinctBy(node => node.ToJsonString()));
        await Stack.WaitUntilAsync("the gateway knows this credential", () =>
            Task.FromResult(brokers.Gateway.Usernames.Contains(credentials["username"]!.GetValue<string>()))
        );
    }

    [Fact]
    public async Task Osb_44_twenty_equal_asynchronous_binds_of_two_brokers_name_one_operation_or_one_credential()
    {
        var instance = await brokers.First.ProvisionAsync(SeededServices.Beacons.OrganizationId, SeededServices.Beacons.Id);

        var answers = await AtOnceAsync(platform => platform.TryBindAsync(instance, "b", acceptsIncomplete: true));

        Assert.All(answers, answer =>
            Assert.True(
                answer.Status is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.Accepted,
                $"{answer.Status}: {answer.Body}"
            )
        );
        Assert.True(
            answers
                .Where(answer => answer.Status == HttpStatusCode.Accepted)
                .Select(answer => answer.Body.ToJsonString())
                .Distinct()
                .Count() <= 1
        );
        await Stack.WaitUntilAsync("the bind is done", async () => await brokers.Second.LastOperationAsync(instance, "b") == "succeeded");
        string?[] usernames =
        [
            .. answers.Where(answer => answer.Status != HttpStatusCode.Accepted).Select(Username),
            Username(await brokers.First.FetchAsync(instance, "b")),
        ];
        Assert.Single(usernames.Distinct());
    }

    [Fact]
    public async Task Osb_117_of_twenty_equal_unbinds_and_deprovisions_of_two_brokers_one_deletes_and_the_others_find_nothing()
    {
        var instance = await brokers.First.ProvisionAsync(SeededServices.Website.OrganizationId, SeededServices.Website.Id);
        await brokers.Second.BindAsync(instance, "b");

        var unbinds = await AtOnceAsync(platform => platform.UnbindAsync(instance, "b"));
        var deprovisions = await AtOnceAsync(platform => platform.DeprovisionAsync(instance));

        foreach (var answers in (OsbResponse[][])[unbinds, deprovisions])
        {
            Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
            Assert.Equal(Requests - 1, answers.Count(answer => answer.Status == HttpStatusCode.Gone));
        }
    }

    private Task<OsbResponse[]> AtOnceAsync(Func<Platform, Task<OsbResponse>> request) =>
        Task.WhenAll(Enumerable.Range(0, Requests).Select(index => request(index % 2 == 0 ? brokers.First : brokers.Second)));

    private static Func<Platform, Task<OsbResponse>> Provision(string instance) =>
        platform => platform.TryProvisionAsync(instance, SeededServices.Forecast.OrganizationId, SeededServices.Forecast.Id);

    private static string? Username(OsbResponse answer) => answer.Body["credentials"]?["username"]?.GetValue<string>();

    /// <summary>Two brokers on one PostgreSQL, with a simulator and a gateway's polls.</summary>
    public sealed class TwoBrokers : IAsyncLifetime
    {
        private readonly PostgresFixture _postgres = new();
        private Stack _stack = null!;

        internal Platform First => _stack.Platform;

        internal Platform Second { get; private set; } = null!;

        internal FeedPoller Gateway { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await _postgres.InitializeAsync();
            _stack = await Stack.StartAsync(
                new StackOptions
                {
                    Database = await _postgres.NewDatabaseAsync(),
                    Brokers = 2,
                    ReadPath = false,
                }
            );
            Second = _stack.PlatformOf(1);
            Gateway = new FeedPoller(_stack.Configuration.BrokerUrl(1), _stack.Configuration.Secret("feed-gateway"));
        }

        public async ValueTask DisposeAsync()
        {
            await Gateway.DisposeAsync();
            Second.Dispose();
            await _stack.DisposeAsync();
            await _postgres.DisposeAsync();
        }
    }
}
