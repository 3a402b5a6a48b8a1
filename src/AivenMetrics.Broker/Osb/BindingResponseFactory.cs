using System.Globalization;
using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>What platforms are shown of a binding that succeeded (osb.md 89, 98, 101, 112, 113): every answer is equal, never a null.</summary>
internal sealed class BindingResponseFactory(CredentialIssuer issuer, Uri gateway)
{
    // The specification's yyyy-mm-ddThh:mm:ss.sZ.
    private const string TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.f'Z'";

    private readonly IReadOnlyList<BindingEndpoint> _endpoints =
    [
        new BindingEndpoint(gateway.Host, [gateway.Port.ToString(CultureInfo.InvariantCulture)], "tcp"),
    ];

    /// <summary>The answer to a bind and its replays.</summary>
    public Task<OsbResponse> CreateBindResponseAsync(
        int status,
        InstanceRecord instance,
        BindingRecord binding,
        CancellationToken cancellationToken
    ) => CreateResponseAsync(status, instance, binding, null, cancellationToken);

    /// <summary>The answer to a fetch.</summary>
    public async Task<OsbResponse> CreateFetchResponseAsync(
        InstanceRecord instance,
        BindingRecord binding,
        CancellationToken cancellationToken
    )
    {
        using var request = JsonDocument.Parse(binding.Request);
        return await CreateResponseAsync(200, instance, binding, request.RootElement.GetProperty("parameters"), cancellationToken);
    }

    private async Task<OsbResponse> CreateResponseAsync(
        int status,
        InstanceRecord instance,
        BindingRecord binding,
        JsonElement? parameters,
        CancellationToken cancellationToken
    )
    {
        var credentials = await issuer.IssueAsync(instance, binding, cancellationToken)
            ?? throw new OsbException(OsbErrors.ConcurrencyError);
        var metadata = binding.Validity is { } life ? new BindingMetadata(Format(life.ExpiresAt), Format(life.RenewBefore)) : null;
        return OsbResponse.Json(status, new BindingResponse(metadata, credentials, parameters, _endpoints), OsbJson.Wire.BindingResponse);
    }

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString(TimestampFormat, CultureInfo.InvariantCulture);
}
