using System.Globalization;
using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Creates the responses for successful bindings (docs/osb-conformance.md 89, 98, 101, 112 and 113). All responses for a binding are equal
/// and contain no null.
/// </summary>
internal sealed class BindingResponseFactory(CredentialIssuer issuer, Uri gateway)
{
    // The format of the OSB specification: yyyy-mm-ddThh:mm:ss.sZ.
    private const string TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.f'Z'";

    private readonly IReadOnlyList<BindingEndpoint> _endpoints =
    [
        new BindingEndpoint(gateway.Host, [gateway.Port.ToString(CultureInfo.InvariantCulture)], "tcp"),
    ];

    /// <summary>Creates the response to a bind or its repetition.</summary>
    public Task<OsbResponse> CreateBindResponseAsync(
        int status,
        InstanceRecord instance,
        BindingRecord binding,
        CancellationToken cancellationToken
    ) => CreateResponseAsync(status, instance, binding, null, cancellationToken);

    /// <summary>Creates the response to a fetch.</summary>
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
