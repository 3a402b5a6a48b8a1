using System.Net;
using System.Text.Json.Nodes;

namespace AivenMetrics.Acceptance.Support;

/// <summary>
/// Polls the credential feed as a gateway does, for tests that need a gateway's acceptance and no queries. While the broker is down, it
/// retries.
/// </summary>
internal sealed class FeedPoller : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _polling;
    private volatile string[] _usernames = [];

    /// <summary>Starts to poll.</summary>
    /// <param name="url">The URL of the broker.</param>
    /// <param name="token">The gateways' feed token.</param>
    public FeedPoller(string url, string token)
    {
        _http = new HttpClient { BaseAddress = new Uri(url) };
        _http.DefaultRequestHeaders.Add("Authorization", $"Bearer {token}");
        _http.DefaultRequestHeaders.Add("X-AivenMetrics-Gateway", Guid.NewGuid().ToString("n"));
        _http.DefaultRequestHeaders.Add("Prefer", "wait=5");
        _polling = PollAsync();
    }

    /// <summary>The credentials that a gateway would accept now.</summary>
    public IReadOnlyList<string> Usernames => _usernames;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _polling;
        _stop.Dispose();
        _http.Dispose();
    }

    private async Task PollAsync()
    {
        string? tag = null;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                tag = await PollOnceAsync(tag);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    private async Task<string?> PollOnceAsync(string? tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/feed/v1/credentials");
        if (tag is not null)
        {
            request.Headers.Add("If-None-Match", tag);
        }

        using var response = await _http.SendAsync(request, _stop.Token);
        if (response.StatusCode == HttpStatusCode.NotModified)
        {
            return tag;
        }

        response.EnsureSuccessStatusCode();
        var feed = JsonNode.Parse(await response.Content.ReadAsStringAsync(_stop.Token))!;
        _usernames = [.. feed["credentials"]!.AsArray().Select(credential => credential!["username"]!.GetValue<string>())];
        return response.Headers.ETag!.ToString();
    }
}
