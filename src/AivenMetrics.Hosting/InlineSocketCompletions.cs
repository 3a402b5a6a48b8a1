using Microsoft.AspNetCore.Hosting;

namespace AivenMetrics.Hosting;

/// <summary>
/// Runs requests on the threads that wait for their sockets, one for each core, instead of handing them to the thread pool at each of
/// the four times that bytes arrive or leave. Handing over was half of what a forwarded request cost (docs/performance.md). The price:
/// what computes for milliseconds or blocks would hold up other requests, so whatever may, yields first with <see cref="Task.Yield"/>.
/// </summary>
/// <remarks>The runtime's documentation: DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS among .NET's environment variables.</remarks>
internal static class InlineSocketCompletions
{
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>To be called before the process opens its first socket, because the runtime asks once.</summary>
    public static void Enable(IWebHostBuilder host)
    {
        Environment.SetEnvironmentVariable(InlineCompletions, "1");
        host.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
    }
}
