using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Responses;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Pipeline;

/// <summary>Handles requests whose response the gateway buffers and filters.</summary>
internal sealed class FilteringHandler(
    ResponseFilter filter,
    ConcurrencyLimits concurrency,
    QueueAdmission admission,
    Authenticator authenticator
)
{
    /// <summary>Handles a request whose parameters were read.</summary>
    public async ValueTask<RequestOutcome> HandleAsync(HttpContext context, GatewayRequest request)
    {
        var account = request.Account;
        var (buffers, full) = await admission.AcquireAsync(
            concurrency.FilteredResponses,
            account.FilteredResponses,
            context.RequestAborted
        );
        using (buffers)
        {
            if (buffers is null)
            {
                return new(LimitErrors.FromAdmission(full, account.Limits));
            }

            FilteredResponse filtered;
            var (lease, result) = await admission.AcquireAsync(concurrency.Queries, account.Queries, context.RequestAborted);
            using (lease)
            {
                if (lease is null)
                {
                    return new(LimitErrors.FromAdmission(result, account.Limits));
                }

                filtered = await filter.CreateAsync(request, context.RequestAborted);
            }

            // The response is complete. A client that reads it slowly delays only its own tenant.
            buffers.ReleaseSlot();
            return await SendAsync(context, request, filtered);
        }
    }

    private async ValueTask<RequestOutcome> SendAsync(HttpContext context, GatewayRequest request, FilteredResponse filtered)
    {
        var outcome = new RequestOutcome(filtered.Error, filtered.Destination);
        if (filtered.Destination is { } destination)
        {
            context.Response.Headers[ResponseCopier.InstanceHeader] = destination.Name;
        }

        if (!authenticator.IsValid(request.Credential))
        {
            return outcome with { Error = GatewayError.Unauthenticated };
        }

        if (filtered.Body is not { } body)
        {
            return outcome;
        }

        try
        {
            return outcome with { Bytes = await ResponseFilter.SendAsync(context, body) };
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            return outcome with { ClientDisconnected = true };
        }
    }
}
