using System.Diagnostics.Metrics;
using System.Text;
using AivenMetrics.Feed;
using AivenMetrics.Testing.Feed;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AivenMetrics.Tests.Feed;

public sealed class FeedClientTests : IAsyncDisposable
{
    private const string One = """{"projects":[{"project":"one","ready":false,"services":[]}]}""";
    private const string Two = """{"projects":[{"project":"two","ready":false,"services":[]}]}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("feed-");
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(30));
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly HttpClient _http = Feeds.CreateHttpClient();
    private readonly List<Task> _running = [];
    private readonly FailureCounter _failures = new();

    private string LastGood => Path.Combine(_folder.FullName, "deep", "targets.json");

    [Fact]
    public async Task The_first_response_is_published_as_live()
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        var client = Run(broker.Url);
        var snapshot = await client.WaitForChangeAsync(null, _stop.Token);
        Assert.Equal("one", snapshot.Value.Projects.Single().Project);
        Assert.False(snapshot.FromDisk);
        Assert.Equal("/feed/v1/targets", broker.Requests.First().Path);
        Assert.Equal("Bearer sesame", broker.Requests.First().Token);
    }

    [Fact]
    public async Task A_change_completes_the_held_request_at_once()
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        var client = Run(broker.Url, options => options with { Wait = TimeSpan.FromSeconds(20) });
        var first = await client.WaitForChangeAsync(null, _stop.Token);
        await WaitUntilAsync(() => broker.Requests.Count == 2);
        var started = TimeProvider.System.GetTimestamp();
        broker.SetFeed(Two);
        var second = await client.WaitForChangeAsync(first, _stop.Token);
        Assert.Equal("two", second.Value.Projects.Single().Project);
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
        Assert.Equal("wait=20", broker.Requests.ElementAt(1).Prefer);
        Assert.NotNull(broker.Requests.ElementAt(1).IfNoneMatch);
    }

    [Fact]
    public async Task A_304_confirms_the_snapshot_without_a_change()
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        var client = Run(broker.Url, options => options with { Wait = TimeSpan.FromSeconds(1) });
        var first = await client.WaitForChangeAsync(null, _stop.Token);
        await WaitUntilAsync(() => client.Current!.FetchedAt > first.FetchedAt);
        Assert.Same(first.Value, client.Current!.Value);
        Assert.Equal(first.Version, client.Current.Version);
        Assert.Equal(0, _failures.Total);
    }

    [Fact]
    public async Task The_next_poll_confirms_a_version_only_after_it_was_applied()
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        using var applied = new SemaphoreSlim(0);
        var options = Feeds.Targets(broker.Url, "sesame");
        var client = new FeedClient<TargetFeed>(
            _http,
            options,
            TimeProvider.System,
            NullLogger.Instance,
            _services.GetRequiredService<IMeterFactory>()
        );
        _running.Add(Task.Run(() => client.RunAsync(_ => applied.Wait(_stop.Token), _stop.Token)));
        await WaitUntilAsync(() => !broker.Requests.IsEmpty);
        await Task.Delay(200);
        Assert.Single(broker.Requests);
        applied.Release();
        await WaitUntilAsync(() => broker.Requests.Count == 2);
        Assert.NotNull(broker.Requests.ElementAt(1).IfNoneMatch);
    }

    [Fact]
    public async Task The_same_content_with_a_new_tag_is_not_a_change()
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        var client = Run(broker.Url);
        var first = await client.WaitForChangeAsync(null, _stop.Token);
        broker.SetFeed(One);
        await WaitUntilAsync(() => client.Current!.FetchedAt > first.FetchedAt);
        Assert.Equal(first.Version, client.Current!.Version);
    }

    [Fact]
    public async Task The_configured_headers_are_sent_with_every_request()
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        Run(broker.Url, options =>
            options with
            {
                ConfigureHeaders = headers => headers.Add("X-AivenMetrics-Prometheus-Version", "2.42.0"),
            }
        );
        await WaitUntilAsync(() => broker.Requests.Count == 2);
        Assert.All(broker.Requests, request => Assert.Equal("2.42.0", request.Version));
    }

    [Theory]
    [InlineData("malformed", "")]
    [InlineData("malformed", "null")]
    [InlineData("malformed", "{}")]
    [InlineData("malformed", """{"projects":[{"project":"one","ready":""")]
    [InlineData("malformed", """{"projects":[{"project":"one","services":[]}]}""")]
    [InlineData("invalid", """{"projects":null}""")]
    [InlineData("invalid", """{"projects":[]}""")]
    [InlineData("invalid", """{"projects":[null]}""")]
    [InlineData("invalid", """{"projects":[{"project":"one","ready":true,"services":[null]}]}""")]
    [InlineData(
        "too_large",
        """{"projects":[],"padding":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"""
    )]
    public async Task An_invalid_response_is_a_failure_and_never_an_empty_list(string reason, string json)
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        var client = Run(broker.Url, options => options with { MaximumBytes = 100 });
        var first = await client.WaitForChangeAsync(null, _stop.Token);
        broker.SetFeed(json);
        await WaitUntilAsync(() => _failures.Of(reason) >= 2);
        Assert.Same(first.Value, client.Current!.Value);
        Assert.Equal(One, File.ReadAllText(LastGood));
        broker.SetFeed(Two);
        Assert.Equal("two", (await client.WaitForChangeAsync(first, _stop.Token)).Value.Projects.Single().Project);
    }

    [Theory]
    [InlineData(401, "unauthorized")]
    [InlineData(403, "unauthorized")]
    [InlineData(503, "unavailable")]
    [InlineData(500, "status")]
    [InlineData(302, "status")]
    [InlineData(204, "status")]
    [InlineData(304, "status")]
    public async Task An_error_status_keeps_the_last_good_response_and_is_counted_by_reason(int status, string reason)
    {
        await using var broker = await ScriptedBroker.StartAsync("");
        Directory.CreateDirectory(Path.GetDirectoryName(LastGood)!);
        File.WriteAllText(LastGood, One);
        broker.SetHandler(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        var client = Run(broker.Url);
        await WaitUntilAsync(() => _failures.Of(reason) >= 1);
        Assert.Equal("one", client.Current!.Value.Projects.Single().Project);
        Assert.True(client.Current.FromDisk);
    }

    [Fact]
    public async Task An_HTML_response_is_a_failure()
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        broker.SetHandler(context =>
        {
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync("<html>");
        });
        var client = Run(broker.Url);
        await WaitUntilAsync(() => _failures.Of("content_type") >= 1);
        Assert.Null(client.Current);
    }

    [Fact]
    public async Task A_truncated_body_is_a_network_failure()
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        broker.SetHandler(async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = One.Length;
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(One[..20]));
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        var client = Run(broker.Url);
        await WaitUntilAsync(() => _failures.Of("network") >= 1);
        Assert.Null(client.Current);
    }

    [Fact]
    public async Task A_hanging_request_times_out()
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        broker.SetHandler(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var client = Run(broker.Url, options => options with { Wait = TimeSpan.Zero, Timeout = TimeSpan.FromMilliseconds(200) });
        await WaitUntilAsync(() => _failures.Of("timeout") >= 1);
        broker.SetFeed(One);
        Assert.False((await client.WaitForChangeAsync(null, _stop.Token)).FromDisk);
    }

    [Fact]
    public async Task Retry_After_is_honoured()
    {
        await using var broker = await ScriptedBroker.StartAsync(One);
        broker.Fail(503, retryAfter: "2");
        Run(broker.Url);
        await WaitUntilAsync(() => _failures.Of("unavailable") == 1);
        var started = TimeProvider.System.GetTimestamp();
        await WaitUntilAsync(() => broker.Requests.Count == 2);
        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task A_restart_without_the_broker_starts_from_disk_before_the_first_request()
    {
        Uri url;
        await using (var broker = await ScriptedBroker.StartAsync(One))
        {
            url = broker.Url;
            await Run(url).WaitForChangeAsync(null, _stop.Token);
            await WaitUntilAsync(() => File.Exists(LastGood));
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(LastGood));
        }
        var confirmed = File.GetLastWriteTimeUtc(LastGood);
        var second = Run(url);
        Assert.NotNull(second.Current);
        Assert.True(second.Current.FromDisk);
        Assert.Equal(confirmed, second.Current.FetchedAt.UtcDateTime);

        var fromDisk = second.Current;
        await using var again = await ScriptedBroker.StartAsync(One, url.Port);
        var live = await second.WaitForChangeAsync(fromDisk, _stop.Token);
        Assert.False(live.FromDisk);
        Assert.Equal("one", live.Value.Projects.Single().Project);
    }

    [Fact]
    public async Task A_corrupt_last_good_file_is_reported_and_ignored()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LastGood)!);
        File.WriteAllText(LastGood, One[..30]);
        await using var broker = await ScriptedBroker.StartAsync(Two);
        var client = Run(broker.Url);
        Assert.Null(client.Current);
        Assert.Equal(1, _failures.Of("disk"));
        Assert.Equal("two", (await client.WaitForChangeAsync(null, _stop.Token)).Value.Projects.Single().Project);
        await WaitUntilAsync(() => File.ReadAllText(LastGood) == Two);
    }

    [Fact]
    public async Task A_last_good_file_that_cannot_be_written_does_not_stop_the_feed()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "deep"), "a file where the folder should be");
        await using var broker = await ScriptedBroker.StartAsync(One);
        var client = Run(broker.Url);
        Assert.Equal("one", (await client.WaitForChangeAsync(null, _stop.Token)).Value.Projects.Single().Project);
        Assert.True(_failures.Of("disk") >= 1);
    }

    [Theory]
    [InlineData("http://broker:8080", "http://broker:8080/feed/v1/targets")]
    [InlineData("http://broker:8080/", "http://broker:8080/feed/v1/targets")]
    [InlineData("https://apps.example/metrics-broker/", "https://apps.example/metrics-broker/feed/v1/targets")]
    [InlineData("http://broker:8080/feed/v1/targets", "http://broker:8080/feed/v1/targets")]
    public void The_feeds_path_is_added_to_the_brokers_url(string broker, string expected) =>
        Assert.Equal(expected, Feeds.Targets(new(broker), "t").Url.ToString());

    [Fact]
    public void The_token_is_not_printed() => Assert.DoesNotContain("sesame", Feeds.Targets(new("http://b"), "sesame").ToString());

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _http.Dispose();
        _failures.Dispose();
        await _services.DisposeAsync();
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    private FeedClient<TargetFeed> Run(Uri url, Func<FeedClientOptions<TargetFeed>, FeedClientOptions<TargetFeed>>? change = null)
    {
        var options = Feeds.Targets(url, "sesame") with
        {
            LastGoodFile = LastGood,
            Wait = TimeSpan.FromSeconds(2),
            PollInterval = TimeSpan.FromMilliseconds(50),
            MinimumBackoff = TimeSpan.FromMilliseconds(20),
            MaximumBackoff = TimeSpan.FromMilliseconds(100),
        };
        var meters = _services.GetRequiredService<IMeterFactory>();
        _failures.Follow(meters);
        var client = new FeedClient<TargetFeed>(
            _http,
            change?.Invoke(options) ?? options,
            TimeProvider.System,
            NullLogger.Instance,
            meters
        );
        _running.Add(client.RunAsync(_stop.Token));
        return client;
    }

    private async Task WaitUntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(10, _stop.Token);
        }
    }

    private sealed class FailureCounter : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, int> _counts = [];
        private IMeterFactory? _followed;

        public int Total
        {
            get
            {
                lock (_counts)
                {
                    return _counts.Values.Sum();
                }
            }
        }

        public int Of(string reason)
        {
            lock (_counts)
            {
                return _counts.GetValueOrDefault(reason);
            }
        }

        public void Follow(IMeterFactory meters)
        {
            if (_followed is not null)
            {
                return;
            }
            _followed = meters;
            _listener.InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Name == "aivenmetrics_feed_failures_total")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>(
                (_, value, tags, _) =>
                {
                    lock (_counts)
                    {
                        var reason = tags.ToArray().Single(tag => tag.Key == "reason").Value!.ToString()!;
                        _counts[reason] = _counts.GetValueOrDefault(reason) + (int)value;
                    }
                }
            );
            _listener.Start();
        }

        public void Dispose() => _listener.Dispose();
    }
}
