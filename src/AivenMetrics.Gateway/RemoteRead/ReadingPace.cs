using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace AivenMetrics.Gateway.RemoteRead;

/// <summary>
/// How fast a client must read the answer to a remote read. While it reads, a Prometheus holds one of the few places that it has for
/// remote reads of everybody.
/// </summary>
internal static class ReadingPace
{
    private static readonly MinDataRate Least = new(bytesPerSecond: 16 << 10, gracePeriod: TimeSpan.FromSeconds(10));

    /// <summary>Has the connection closed when its client reads slower than 16 KiB a second. HTTP/2 has one pace for all streams of a connection.</summary>
    public static void Demand(HttpContext context)
    {
        if (HttpProtocol.IsHttp11(context.Request.Protocol) && context.Features.Get<IHttpMinResponseDataRateFeature>() is { } pace)
            pace.MinDataRate = Least;
    }
}
