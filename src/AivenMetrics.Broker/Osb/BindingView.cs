using System.Globalization;
using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>What platforms are shown of a binding that succeeded (osb.md 89, 98, 101, 112, 113): every answer is equal, never a null.</summary>
internal sealed class BindingView(CredentialIssuer issuer, Uri gateway)
{
    // The specification's yyyy-mm-ddThh:mm:ss.sZ.
    private const string Time = "yyyy-MM-dd'T'HH:mm:ss.f'Z'";

    private readonly IReadOnlyList<BindingEndpoint> endpoints =
        [new BindingEndpoint(gateway.Host, [gateway.Port.ToString(CultureInfo.InvariantCulture)], "tcp")];

    /// <summary>The answer to a bind and its replays.</summary>
    public Task<OsbAnswer> Created(int status, InstanceRecord instance, BindingRecord binding, CancellationToken ct) =>
        Answer(status, instance, binding, null, ct);

    /// <summary>The answer to a fetch.</summary>
    public async Task<OsbAnswer> Fetched(InstanceRecord instance, BindingRecord binding, CancellationToken ct)
    {
        using var request = JsonDocument.Parse(binding.Request);
        return await Answer(200, instance, binding, request.RootElement.GetProperty("parameters"), ct);
    }

    private async Task<OsbAnswer> Answer(
        int status, InstanceRecord instance, BindingRecord binding, JsonElement? parameters, CancellationToken ct)
    {
        var credentials = await issuer.Issue(instance, binding, ct) ?? throw new OsbRefusal(OsbErrors.Changed);
        var metadata = binding.Life is { } life ? new BindingMetadata(Text(life.ExpiresAt), Text(life.RenewBefore)) : null;
        return OsbAnswer.Json(status, new BindingResponse(metadata, credentials, parameters, endpoints), OsbJson.Wire.BindingResponse);
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Time, CultureInfo.InvariantCulture);
}
