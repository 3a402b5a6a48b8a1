using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AivenMetrics.Feed;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Testing.Gateway;
using AivenMetrics.Testing.Programs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// 10,000 credentials: how long a look-up takes and a snapshot with one change, measured here; what the process of a gateway with them
/// keeps in memory and how soon a changed one works, measured on a gateway that follows a feed which this program serves.
/// </summary>
internal static class CredentialsLoad
{
    private const int Count = 10_000;
    private const int Changes = 10;

    private static readonly TextTable Table = new(("", -34), ("", 10), ("", 0));

    public static async Task<int> RunAsync()
    {
        Measure();

        await using var feed = new Served(Credentials(0));
        await feed.StartAsync();
        await using var gateway = await GatewayProcess.StartAsync(feed.Url, feed: feed.Url);
        using var http = new HttpClient { BaseAddress = gateway.Url };
        await feed.AppliedAsync();
        List<double> seconds = [];
        for (var change = 1; change <= Changes; change++)
        {
            var credentials = Credentials(change);
            var began = Stopwatch.GetTimestamp();
            feed.Publish(credentials);
            await feed.AppliedAsync();
            seconds.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
            await CheckAsync(http, Password(change));
        }

        seconds.Sort();
        Row("a change of one applied, median", $"{seconds[Changes / 2] * 1000:0} ms", "≤ 1 s");
        Row("a change of one applied, slowest", $"{seconds[^1] * 1000:0} ms", "≤ 1 s");
        Row("working set of the gateway", $"{ProcessStatus.ResidentMemory(gateway.Id) / 1e6:0} MB", "≤ 150 MB");
        Row("its most so far", $"{ProcessStatus.PeakMemory(gateway.Id) / 1e6:0} MB", "");
        Console.WriteLine($"load average {ProcessStatus.LoadAverage()}, {Environment.ProcessorCount} cores");
        return 0;
    }

    private static void Measure()
    {
        var full = CredentialSnapshot.Create(new CredentialFeed(Credentials(0)), null, out _)!;
        var usernames = Enumerable.Range(0, Count).Select(Username).ToArray();
        double lookUp = double.MaxValue,
            whole = double.MaxValue,
            oneChange = double.MaxValue;
        for (var round = 1; round <= 20; round++)
        {
            lookUp = Math.Min(
                lookUp,
                Milliseconds(() =>
                {
                    foreach (var username in usernames)
                    {
                        _ = full.Find(username) ?? throw new InvalidOperationException($"{username} is not known");
                    }
                })
            );
            var (all, changed) = (new CredentialFeed(Credentials(0)), new CredentialFeed(Credentials(round)));
            whole = Math.Min(whole, Milliseconds(() => CredentialSnapshot.Create(all, null, out _)));
            oneChange = Math.Min(oneChange, Milliseconds(() => CredentialSnapshot.Create(changed, full, out _)));
        }

        Console.WriteLine($"{Count} credentials");
        Row("a look-up", $"{lookUp * 1e6 / Count:0} ns", "< 1 µs");
        Row("a snapshot from nothing", $"{whole:0.0} ms", "");
        Row("a snapshot with one change", $"{oneChange:0.0} ms", "");
    }

    private static double Milliseconds(Action action)
    {
        var began = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static void Row(string what, FormattableString value, string aim) =>
        Table.WriteRow($"{what}", value, $"{(aim.Length > 0 ? $"aim {aim}" : "")}");

    /// <summary>As the broker's: every credential with an organization and a space; the first one's password is the change's.</summary>
    private static TenantCredential[] Credentials(int change) =>
        [
            .. Enumerable
                .Range(0, Count)
                .Select(i => new TenantCredential(
                    Username(i),
                    Convert.ToHexStringLower(
                        System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(i == 0 ? Password(change) : $"password-{i}"))
                    ),
                    [
                        new("organization_id", "=", new Guid(i / 20, 0, 0, new byte[8]).ToString()),
                        new("space_id", "=", new Guid(i / 4, 1, 1, new byte[8]).ToString()),
                    ],
                    "space"
                )),
        ];

    private static string Username(int number) => $"m-{new Guid(number, 2, 2, new byte[8])}";

    private static string Password(int change) => $"password-after-change-{change}";

    /// <summary>A path that asks for a credential and is answered by the gateway itself.</summary>
    private static async Task CheckAsync(HttpClient http, string password)
    {
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Username(0)}:{password}"))
        );
        using var answer = await http.GetAsync(new Uri("/api/v1/alertmanagers", UriKind.Relative));
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new InvalidOperationException($"the gateway applied the change and answers {answer.StatusCode}");
        }
    }

    /// <summary>A feed as the broker serves it: an answer with a tag, held back from whoever has it until there is news.</summary>
    private sealed class Served : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private volatile Version _current;

        public Served(TenantCredential[] first)
        {
            _current = new(Json(first), "\"0\"");
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            _app = builder.Build();
            _app.Run(AnswerAsync);
        }

        public Uri Url => new(_app.Urls.Single());

        public Task StartAsync() => _app.StartAsync();

        public void Publish(TenantCredential[] credentials)
        {
            var before = _current;
            _current = new(Json(credentials), $"\"{Guid.NewGuid()}\"");
            before.Replaced.SetResult();
        }

        /// <summary>Waits until the gateway says, by the tag of its next poll, that it applies what was published last.</summary>
        public Task AppliedAsync() => _current.Applied.Task.WaitAsync(TimeSpan.FromSeconds(30));

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        private static byte[] Json(TenantCredential[] credentials) =>
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new CredentialFeed(credentials), FeedJson.Default.CredentialFeed);

        private async Task AnswerAsync(HttpContext context)
        {
            var version = _current;
            if (context.Request.Headers.IfNoneMatch == version.Tag)
            {
                version.Applied.TrySetResult();
                await Task.WhenAny(version.Replaced.Task, Task.Delay(TimeSpan.FromSeconds(25), context.RequestAborted));
                version = _current;
            }

            context.Response.Headers.ETag = version.Tag;
            context.Response.ContentType = "application/json";
            if (context.Request.Headers.IfNoneMatch == version.Tag)
            {
                context.Response.StatusCode = StatusCodes.Status304NotModified;
            }
            else
            {
                await context.Response.Body.WriteAsync(version.Body);
            }
        }

        private sealed record Version(byte[] Body, string Tag)
        {
            public TaskCompletionSource Applied { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

            public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
