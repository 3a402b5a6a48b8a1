using System.Data.Common;
using AivenMetrics.Broker.State;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>Records rejected changes of authenticated platforms in the audit trail. Failures to do so do not change the response.</summary>
internal sealed class RejectedRequestAudit(AuditStore audit, TimeProvider time, ILogger<RejectedRequestAudit> logger)
{
    // The response is delayed by at most this time.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Appends an entry for a rejected provision, update, deprovision, bind or unbind. Ignores other operations and server errors.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="brokerUser">Authenticated user name of the platform.</param>
    /// <param name="operation">The OSB operation.</param>
    /// <param name="error">The error of the response.</param>
    public async Task AppendAsync(HttpContext context, string brokerUser, string operation, OsbError error)
    {
        if (
            error.Status is < 400 or > 499
            || operation is not ("Provision" or "Update" or "Deprovision" or "Bind" or "Unbind")
            || OsbRequest.FindAuditSubject(context, brokerUser) is not { } subject
        )
        {
            return;
        }
        try
        {
            // Also recorded after the platform has disconnected.
            using var limit = new CancellationTokenSource(Timeout, time);
            var entry = new AuditRecord(
                time.GetUtcNow(),
                operation,
                subject.Instance,
                subject.Binding,
                subject.Actor,
                AuditResult.Refused,
                $"{error.Status}: {error.Description}"
            );
            await audit.AppendAsync(entry, limit.Token);
        }
        catch (Exception e) when (e is DbException or TimeoutException or OperationCanceledException)
        {
            logger.RejectedRequestNotAudited(operation, e.Message);
        }
    }
}
