using Microsoft.AspNetCore.Hosting;

namespace AivenMetrics.Hosting;

/// <summary>
/// Runs continuations of socket operations on the threads that poll the sockets, one per core, instead of the thread pool. The four
/// changes of thread were half of the cost of a forwarded request (docs/performance.md). Code that blocks or computes for milliseconds
/// would delay other requests on the same thread. It must call <see cref="Task.Yield"/> first.
/// </summary>
/// <remarks>See DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS in the .NET documentation of environment variables.</remarks>
internal static class InlineSocketCompletions
{
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>
    /// Enables inline completions. Must be called before the process opens its first socket, because .NET reads the setting once.
    /// </summary>
    public static void Enable(IWebHostBuilder host)
    {
        Environment.SetEnvironmentVariable(InlineCompletions, "1");
        host.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
    }
}
