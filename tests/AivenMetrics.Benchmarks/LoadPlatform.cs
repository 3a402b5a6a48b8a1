using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Simulator;

namespace AivenMetrics.Benchmarks;

/// <summary>Asks a broker as a platform does, with no more work of its own than it must have.</summary>
internal sealed class LoadPlatform : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly HttpClient _http;
    private readonly string _serviceId;
    private readonly string _planId;

    private LoadPlatform(HttpClient http, string serviceId, string planId) => (_http, _serviceId, _planId) = (http, serviceId, planId);

    /// <summary>Binds and unbinds that did not end well; they are not counted as lifecycles.</summary>
    public int Failures { get; private set; }

    public static async Task<LoadPlatform> ConnectAsync(string url, string password)
    {
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new Uri(url) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"platform:{password}"))
        );
        http.DefaultRequestHeaders.Add("X-Broker-API-Version", "2.17");
        var offering = JsonNode.Parse(await http.GetStringAsync("/v2/catalog"))!["services"]![0]!;
        var plan = offering["plans"]!.AsArray().Single(plan => plan!["name"]!.GetValue<string>() == "space")!;
        return new LoadPlatform(http, offering["id"]!.GetValue<string>(), plan["id"]!.GetValue<string>());
    }

    /// <summary>
    /// Makes instances in the demo's spaces, each with a binding that stays, and waits until a bind of each ends at once.
    /// </summary>
    public async Task<string[]> SettleAsync(int instances)
    {
        string[] ids = [.. Enumerable.Range(0, instances).Select(_ => Guid.NewGuid().ToString())];
        foreach ((var number, var id) in ids.Index())
        {
            var space = DemoSeed.Spaces[number % DemoSeed.Spaces.Count];
            var body = new JsonObject
            {
                ["service_id"] = _serviceId,
                ["plan_id"] = _planId,
                ["organization_guid"] = space.OrganizationId,
                ["space_guid"] = space.Id,
            };
            using var answer = await SendAsync(HttpMethod.Put, $"/v2/service_instances/{id}", body.ToJsonString());
            answer.EnsureSuccessStatusCode();
        }

        for (var attempt = 0; ; attempt++)
        {
            var bound = await Task.WhenAll(ids.Select(id => BindAsync(id, "settled-" + id)));
            if (bound.All(done => done))
            {
                return ids;
            }
            if (attempt == 20)
            {
                throw new InvalidOperationException("the instances cannot be bound");
            }
        }
    }

    /// <summary>Binds and unbinds with so many clients at once until the time is up or so many lifecycles are done.</summary>
    /// <returns>Seconds of each bind and of each unbind.</returns>
    public async Task<(List<double> Binds, List<double> Unbinds)> LoopAsync(
        string[] instances,
        int clients,
        TimeSpan time,
        int atMost = int.MaxValue
    )
    {
        List<double> binds = [],
            unbinds = [];
        var start = Stopwatch.GetTimestamp();
        var begun = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, clients)
                .Select(async client =>
                {
                    var instance = instances[client % instances.Length];
                    while (Stopwatch.GetElapsedTime(start) < time && Interlocked.Increment(ref begun) <= atMost)
                    {
                        var binding = Guid.NewGuid().ToString();
                        var bindStart = Stopwatch.GetTimestamp();
                        var bound = await BindAsync(instance, binding);
                        var bind = Stopwatch.GetElapsedTime(bindStart).TotalSeconds;
                        var unbindStart = Stopwatch.GetTimestamp();
                        using var answer = await SendAsync(
                            HttpMethod.Delete,
                            $"/v2/service_instances/{instance}/service_bindings/{binding}?service_id={_serviceId}&plan_id={_planId}",
                            null
                        );
                        lock (binds)
                        {
                            if (!bound || answer.StatusCode != HttpStatusCode.OK)
                            {
                                Failures++;
                                continue;
                            }

                            binds.Add(bind);
                            unbinds.Add(Stopwatch.GetElapsedTime(unbindStart).TotalSeconds);
                        }
                    }
                })
        );
        return (binds, unbinds);
    }

    public void Dispose() => _http.Dispose();

    private async Task<bool> BindAsync(string instance, string binding)
    {
        var path = $"/v2/service_instances/{instance}/service_bindings/{binding}";
        var body = $$"""{"service_id":"{{_serviceId}}","plan_id":"{{_planId}}","app_guid":"{{binding}}"}""";
        using var answer = await SendAsync(HttpMethod.Put, path + "?accepts_incomplete=true", body);
        if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created)
        {
            return true;
        }
        if (answer.StatusCode != HttpStatusCode.Accepted)
        {
            return false;
        }
        for (
            var start = Stopwatch.GetTimestamp();
            Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60);
            await Task.Delay(PollInterval)
        )
        {
            using var poll = await SendAsync(HttpMethod.Get, path + "/last_operation", null);
            var state = JsonNode.Parse(await poll.Content.ReadAsStringAsync())?["state"]?.GetValue<string>();
            if (state is not "in progress")
            {
                return state == "succeeded";
            }
        }

        return false;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        return await _http.SendAsync(request);
    }
}
