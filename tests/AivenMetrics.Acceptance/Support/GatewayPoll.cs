using System.Net;
using System.Text.Json.Nodes;

namespace AivenMetrics.Acceptance.Support;

/// <summary>
/// Polls the credential feed as a gateway does, for tests that need a gateway's acceptance and no queries. A broker that is dead
/// is asked again until it is back.
/// </summary>
internal sealed class GatewayPoll : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient http;
    private readonly CancellationTokenSource stop = new();
    private readonly Task polling;
    private volatile string[] usernames = [];

    /// <summary>Begins to poll.</summary>
    /// <param name="url">The broker's.</param>
    /// <param name="token">The gateways' feed token.</param>
    public GatewayPoll(string url, string token)
    {
        http = new HttpClient { BaseAddress = new Uri(url) };
        http.DefaultRequestHeaders.Add("Authorization", $"Bearer {token}");
        http.DefaultRequestHeaders.Add("X-AivenMetrics-Gateway", Guid.NewGuid().ToString("n"));
        http.DefaultRequestHeaders.Add("Prefer", "wait=5");
        polling = Poll();
    }

    /// <summary>The credentials that a gateway would accept now.</summary>
    public IReadOnlyList<string> Usernames => usernames;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await polling;
        stop.Dispose();
        http.Dispose();
    }

    private async Task Poll()
    {
        string? tag = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                tag = await PollOnce(tag);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    private async Task<string?> PollOnce(string? tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/feed/v1/credentials");
        if (tag is not null)
        {
            request.Headers.Add("If-None-Match", tag);
        }

        using HttpResponseMessage response = await http.SendAsync(request, stop.Token);
        if (response.StatusCode == HttpStatusCode.NotModified)
        {
            return tag;
        }

        response.EnsureSuccessStatusCode();
        JsonNode feed = JsonNode.Parse(await response.Content.ReadAsStringAsync(stop.Token))!;
        usernames = [.. feed["credentials"]!.AsArray().Select(credential => credential!["username"]!.GetValue<string>())];
        return response.Headers.ETag!.ToString();
    }
}
