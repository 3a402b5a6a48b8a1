using System.Data.Common;
using AivenMetrics.Broker.State;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Keeps in the audit trail what an authenticated platform asked to change and was refused. The answer stays the same whether or
/// not that succeeds.
/// </summary>
internal sealed class RefusedRequestAudit(AuditStore audit, TimeProvider time, ILogger<RefusedRequestAudit> logger)
{
    // The platform waits for its answer meanwhile.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>Appends a refusal of a PUT, PATCH or DELETE; does nothing for other methods, other paths and failures of ours.</summary>
    /// <param name="context">The request.</param>
    /// <param name="brokerUser">Whom the platform authenticated as.</param>
    /// <param name="operation">The OSB verb.</param>
    /// <param name="error">The answer.</param>
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
            // Also when the platform has gone: that it asked is a fact.
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
            logger.RefusedRequestNotAudited(operation, e.Message);
        }
    }
}
