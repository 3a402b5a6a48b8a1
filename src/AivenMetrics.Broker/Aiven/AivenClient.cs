using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AivenMetrics.Broker.Aiven;

/// <summary>
/// The part of Aiven's API that the broker needs, typed. Every method may throw <see cref="AivenException"/> (Aiven refused)
/// and <see cref="AivenUnreachableException"/> (no usable answer); creating methods also
/// <see cref="AivenOutcomeUnknownException"/>. Transient failures have been retried before that.
/// </summary>
internal sealed class AivenClient(AivenTransport transport)
{
    /// <summary>The integration and endpoint type that makes Aiven open the metrics port.</summary>
    public const string Prometheus = "prometheus";

    /// <summary>All services of a project, with tags, hosts and integrations, without secrets: <c>GET /project/{p}/service</c>.</summary>
    public async Task<IReadOnlyList<AivenService>> Services(string project, CancellationToken ct) =>
        Expect("list services", await transport.Send(
            new("list services", project, HttpMethod.Get, Path(project, "service") + "?include_secrets=false"),
            AivenJson.Default.AivenServiceList, ct), list => list.Services);

    /// <summary>One service: <c>GET /project/{p}/service/{s}</c>.</summary>
    public async Task<AivenService> Service(string project, string service, CancellationToken ct) =>
        Expect("read a service", await transport.Send(
            new("read a service", project, HttpMethod.Get, Path(project, "service", service) + "?include_secrets=false"),
            AivenJson.Default.AivenServiceAnswer, ct), answer => answer.Service);

    /// <summary>PEM of the CA that signs the certificates of the project's nodes: <c>GET /project/{p}/kms/ca</c>.</summary>
    public async Task<string> CaCertificate(string project, CancellationToken ct) =>
        Expect("read the project's CA", await transport.Send(
            new("read the project's CA", project, HttpMethod.Get, Path(project, "kms", "ca")),
            AivenJson.Default.AivenCertificate, ct), answer => answer.Certificate);

    /// <summary>
    /// Service types that can have a <c>prometheus</c> integration: the union of what the endpoint types and the integration
    /// types of the project say, since either list has been seen to lag behind.
    /// </summary>
    public async Task<IReadOnlySet<string>> EligibleTypes(string project, CancellationToken ct)
    {
        var endpoints = Expect("list endpoint types", await transport.Send(
            new("list endpoint types", project, HttpMethod.Get, Path(project, "integration_endpoint_types")),
            AivenJson.Default.AivenEndpointTypes, ct), answer => answer.EndpointTypes);
        var integrations = Expect("list integration types", await transport.Send(
            new("list integration types", project, HttpMethod.Get, Path(project, "integration_types")),
            AivenJson.Default.AivenIntegrationTypes, ct), answer => answer.IntegrationTypes);
        return endpoints.Where(row => row.EndpointType == Prometheus).SelectMany(row => row.ServiceTypes ?? [])
            .Concat(integrations.Where(row => row.IntegrationType == Prometheus).SelectMany(row => row.SourceServiceTypes ?? []))
            .ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The project's integration endpoints of all types: <c>GET /project/{p}/integration_endpoint</c>.</summary>
    public async Task<IReadOnlyList<AivenEndpoint>> Endpoints(string project, CancellationToken ct) =>
        Expect("list endpoints", await transport.Send(
            new("list endpoints", project, HttpMethod.Get, Path(project, "integration_endpoint")),
            AivenJson.Default.AivenEndpointList, ct), list => list.ServiceIntegrationEndpoints);

    /// <summary>Creates a <c>prometheus</c> endpoint: <c>POST /project/{p}/integration_endpoint</c>.</summary>
    public async Task<AivenEndpoint> CreateEndpoint(string project, string name, AivenBasicAuth credentials, CancellationToken ct)
    {
        var call = new AivenCall("create the endpoint", project, HttpMethod.Post, Path(project, "integration_endpoint"))
        {
            Body = Json(new(name, Prometheus, credentials), AivenJson.Default.CreateEndpointRequest),
            Secrets = [credentials.BasicAuthPassword],
        };
        var answer = await transport.Send(call, AivenJson.Default.AivenEndpointAnswer, ct);
        return answer?.ServiceIntegrationEndpoint ?? throw Unclear(call.Operation);
    }

    /// <summary>Gives an endpoint these credentials: <c>PUT /project/{p}/integration_endpoint/{id}</c>. Having them already is success.</summary>
    public async Task UpdateEndpoint(string project, string endpointId, AivenBasicAuth credentials, CancellationToken ct)
    {
        var call = new AivenCall("update the endpoint", project, HttpMethod.Put, Path(project, "integration_endpoint", endpointId))
        {
            Body = Json(new(credentials), AivenJson.Default.UpdateEndpointRequest),
            Secrets = [credentials.BasicAuthPassword],
        };
        try
        {
            await transport.Send<AivenEndpointAnswer>(call, null, ct);
        }
        catch (AivenException refusal) when (refusal.Error.Message.Contains("not changed", StringComparison.OrdinalIgnoreCase))
        {
            // "User config not changed": Aiven's way of saying that all is as wished.
        }
    }

    /// <summary>Integrates a service with an endpoint: <c>POST /project/{p}/integration</c>.</summary>
    public async Task<AivenIntegration> CreateIntegration(string project, string service, string endpointId, CancellationToken ct)
    {
        var call = new AivenCall("create the integration", project, HttpMethod.Post, Path(project, "integration"))
        {
            Body = Json(new(Prometheus, service, endpointId), AivenJson.Default.CreateIntegrationRequest),
        };
        var answer = await transport.Send(call, AivenJson.Default.AivenIntegrationAnswer, ct);
        return answer?.ServiceIntegration is { ServiceIntegrationId.Length: > 0 } integration ? integration : throw Unclear(call.Operation);
    }

    /// <summary>Deletes an integration: <c>DELETE /project/{p}/integration/{id}</c>. One that is gone already is success.</summary>
    public async Task DeleteIntegration(string project, string integrationId, CancellationToken ct)
    {
        try
        {
            var call = new AivenCall("delete the integration", project, HttpMethod.Delete, Path(project, "integration", integrationId));
            await transport.Send<AivenIntegrationAnswer>(call, null, ct);
        }
        catch (AivenException refusal) when (refusal.Error.Status == 404)
        {
            // Done by somebody else, or by an earlier try whose answer was lost.
        }
    }

    private static string Path(params ReadOnlySpan<string> segments)
    {
        var path = "project";
        foreach (var segment in segments) path += "/" + Uri.EscapeDataString(segment);
        return path;
    }

    private static byte[] Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    private static TPart Expect<TAnswer, TPart>(string operation, TAnswer? answer, Func<TAnswer, TPart?> part)
        where TAnswer : class
        where TPart : class =>
        (answer is null ? null : part(answer)) ?? throw new AivenUnreachableException(operation, "the answer lacks what was asked for.");

    private static AivenOutcomeUnknownException Unclear(string operation) => new(operation, "the answer lacks what was created.");
}
