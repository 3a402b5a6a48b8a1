using System.Diagnostics;
using AivenMetrics.Authentication;
using AivenMetrics.Broker.Authentication;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>Authentication with several hashed passwords, and under attack (docs/osb-conformance.md 1 to 4).</summary>
public abstract class AuthenticationTests(BrokerHost broker) : IAsyncLifetime
{
    public sealed class OnSqlite() : AuthenticationTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : AuthenticationTests(new PostgresBroker(databases));

    private const string Old = "old-password-Pw1";
    private const string New = "new-password-Pw2";

    public async ValueTask InitializeAsync()
    {
        foreach (var password in (string[])[Old, New])
        {
            broker.Options.Users.Add(
                new BrokerUserOptions
                {
                    Username = "platform",
                    PasswordHash = PasswordHash.Create(password, PasswordHash.MinimumIterations).ToString(),
                }
            );
        }
        await broker.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Osb_1_the_plain_user_and_both_passwords_of_a_rotated_user_are_accepted()
    {
        Assert.Equal(200, await StatusAsync("broker", BrokerHost.Password));
        Assert.Equal(200, await StatusAsync("platform", Old));
        Assert.Equal(200, await StatusAsync("platform", New));
    }

    [Fact]
    public async Task Osb_1_any_other_credentials_are_401_and_never_5xx()
    {
        string[] headers =
        [
            "",
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic " + Convert.ToBase64String([0xff, 0xfe]),
            "Basic " + new string('A', 9000),
            "Bearer x",
            "Basic " + Convert.ToBase64String("platform"u8),
            "Basic " + Convert.ToBase64String(":"u8),
        ];
        foreach (var header in headers)
        {
            using var client = broker.NewClient();
            client.DefaultRequestHeaders.Remove("Authorization");
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
            using var answer = await client.GetAsync("/v2/catalog");
            Assert.Equal((header, 401), (header, (int)answer.StatusCode));
        }
    }

    [Fact]
    public async Task Osb_4_the_scheme_is_accepted_in_any_case()
    {
        using var client = broker.NewClient();
        var given = client.DefaultRequestHeaders.Authorization!.Parameter;
        client.DefaultRequestHeaders.Remove("Authorization");
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"bASIC   {given}");
        using var answer = await client.GetAsync("/v2/catalog");

        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Failed_logins_are_delayed_while_correct_credentials_of_the_same_source_are_not()
    {
        // From here on, the credentials are cached.
        await StatusAsync("platform", New);
        var slow = Stopwatch.StartNew();
        var guesses = Enumerable.Range(0, 30).Select(i => StatusAsync("platform", $"guess-{i}")).ToList();
        await Task.Delay(500);

        var quick = Stopwatch.StartNew();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(200, await StatusAsync("platform", New) + await StatusAsync("broker", BrokerHost.Password) - 200);
        }
        quick.Stop();
        // Not cached: the request waits for a hash, but not for a delay.
        Assert.Equal(200, await StatusAsync("platform", Old));

        Assert.All(await Task.WhenAll(guesses), status => Assert.Equal(401, status));
        Assert.InRange(quick.Elapsed.TotalSeconds, 0, 1.5);
        Assert.InRange(slow.Elapsed.TotalSeconds, 2, 60);
    }

    [Fact]
    public async Task A_flood_of_unknown_credentials_is_limited_and_rejected_with_a_retry_time()
    {
        await StatusAsync("platform", New);
        var answers = Enumerable
            .Range(0, 200)
            .Select(async i =>
            {
                using var client = broker.NewClient("nobody", $"guess-{i}");
                using var answer = await client.GetAsync("/v2/catalog");
                return ((int)answer.StatusCode, answer.Headers.RetryAfter?.Delta);
            })
            .ToList();
        Assert.Equal(200, await StatusAsync("platform", New));

        var all = await Task.WhenAll(answers);
        Assert.All(all, answer => Assert.Contains(answer.Item1, (int[])[401, 429]));
        Assert.Contains((429, TimeSpan.FromSeconds(1)), all);
        Assert.Equal(200, await StatusAsync("platform", Old));
    }

    private async Task<int> StatusAsync(string username, string password)
    {
        using var client = broker.NewClient(username, password);
        using var answer = await client.GetAsync("/v2/catalog");
        return (int)answer.StatusCode;
    }
}
