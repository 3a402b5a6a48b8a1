using System.Net;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Simulator;

/// <summary>The log messages of the simulator.</summary>
internal static partial class SimulatorLog
{
    [LoggerMessage(1, LogLevel.Information, "DNS server listens on {EndPoint}")]
    public static partial void DnsServerStarted(this ILogger logger, IPEndPoint? endPoint);

    [LoggerMessage(2, LogLevel.Debug, "DNS client disconnected: {Reason}")]
    public static partial void DnsClientDisconnected(this ILogger logger, string reason);

    [LoggerMessage(3, LogLevel.Debug, "DNS server stopped")]
    public static partial void DnsServerStopped(this ILogger logger);

    [LoggerMessage(4, LogLevel.Debug, "DNS connection closed: {Reason}")]
    public static partial void DnsConnectionClosed(this ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Error, "API call {Method} {Path} failed")]
    public static partial void ApiCallFailed(this ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(6, LogLevel.Information, "Metrics port of {Node} at {Address} opened")]
    public static partial void MetricsPortOpened(this ILogger logger, string node, IPAddress address);

    [LoggerMessage(7, LogLevel.Information, "Metrics port of {Node} at {Address} closed")]
    public static partial void MetricsPortClosed(this ILogger logger, string node, IPAddress address);

    [LoggerMessage(8, LogLevel.Error, "Metrics port of {Node} at {Address} cannot be opened: {Reason}")]
    public static partial void MetricsPortFailed(this ILogger logger, string node, IPAddress address, string reason);

    [LoggerMessage(9, LogLevel.Debug, "Metrics ports are no longer reconciled")]
    public static partial void ReconciliationStopped(this ILogger logger);
}
