using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Osb;

/// <summary>Twenty equal requests at once, half of them to each of two brokers on one PostgreSQL: one effect, equal answers.</summary>
public sealed class AtOnceTests(AtOnceTests.TwoBrokers brokers) : IClassFixture<AtOnceTests.TwoBrokers>
{
    private const int Requests = 20;

    [Fact]
    public async Task Osb_69_twenty_equal_provisions_of_two_brokers_make_one_instance()
    {
        string instance = Guid.NewGuid().ToString();

        OsbAnswer[] answers = await AtOnce(Provision(instance));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(Requests - 1, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Single(answers.Select(answer => answer.Body.ToJsonString()).Distinct());
    }

    [Fact]
    public async Task Osb_69_twenty_equal_binds_of_two_brokers_make_one_credential()
    {
        string instance = await brokers.First.Provision(Seed.Forecast.OrganizationId, Seed.Forecast.Id);

        OsbAnswer[] answers = await AtOnce(platform => platform.TryBind(instance, "b"));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(Requests - 1, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        JsonNode credentials = Assert.Single(answers.Select(answer => answer.Body["credentials"]!).DistinctBy(node => node.ToJsonString()));
        await Stack.Until("the gateway knows this credential", () =>
            Task.FromResult(brokers.Gateway.Usernames.Contains(credentials["username"]!.GetValue<string>())));
    }

    [Fact]
    public async Task Osb_44_twenty_equal_asynchronous_binds_of_two_brokers_name_one_operation_or_one_credential()
    {
        string instance = await brokers.First.Provision(Seed.Beacons.OrganizationId, Seed.Beacons.Id);

        OsbAnswer[] answers = await AtOnce(platform => platform.TryBind(instance, "b", acceptsIncomplete: true));

        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.Accepted, $"{answer.Status}: {answer.Body}"));
        Assert.True(answers.Where(answer => answer.Status == HttpStatusCode.Accepted).Select(answer => answer.Body.ToJsonString()).Distinct().Count() <= 1);
        await Stack.Until("the bind is done", async () => await brokers.Second.LastOperation(instance, "b") == "succeeded");
        string?[] usernames = [.. answers.Where(answer => answer.Status != HttpStatusCode.Accepted).Select(Username), Username(await brokers.First.Fetch(instance, "b"))];
        Assert.Single(usernames.Distinct());
    }

    [Fact]
    public async Task Osb_117_of_twenty_equal_unbinds_and_deprovisions_of_two_brokers_one_deletes_and_the_others_find_nothing()
    {
        string instance = await brokers.First.Provision(Seed.Website.OrganizationId, Seed.Website.Id);
        await brokers.Second.Bind(instance, "b");

        OsbAnswer[] unbinds = await AtOnce(platform => platform.Unbind(instance, "b"));
        OsbAnswer[] deprovisions = await AtOnce(platform => platform.Deprovision(instance));

        foreach (OsbAnswer[] answers in (OsbAnswer[][])[unbinds, deprovisions])
        {
            Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
            Assert.Equal(Requests - 1, answers.Count(answer => answer.Status == HttpStatusCode.Gone));
        }
    }

    private Task<OsbAnswer[]> AtOnce(Func<Platform, Task<OsbAnswer>> request) =>
        Task.WhenAll(Enumerable.Range(0, Requests).Select(index => request(index % 2 == 0 ? brokers.First : brokers.Second)));

    private static Func<Platform, Task<OsbAnswer>> Provision(string instance) =>
        platform => platform.TryProvision(instance, Seed.Forecast.OrganizationId, Seed.Forecast.Id);

    private static string? Username(OsbAnswer answer) => answer.Body["credentials"]?["username"]?.GetValue<string>();

    /// <summary>Two brokers on one PostgreSQL, with a simulator and a gateway's polls.</summary>
    public sealed class TwoBrokers : IAsyncLifetime
    {
        private readonly PostgresFixture postgres = new();
        private Stack stack = null!;

        internal Platform First => stack.Platform;

        internal Platform Second { get; private set; } = null!;

        internal GatewayPoll Gateway { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await postgres.InitializeAsync();
            stack = await Stack.Start(new StackOptions { Database = await postgres.NewDatabase(), Brokers = 2, ReadPath = false });
            Second = stack.PlatformOf(1);
            Gateway = new GatewayPoll(stack.At.BrokerUrl(1), stack.At.Secret("feed-gateway"));
        }

        public async ValueTask DisposeAsync()
        {
            await Gateway.DisposeAsync();
            Second.Dispose();
            await stack.DisposeAsync();
            await postgres.DisposeAsync();
        }
    }
}
