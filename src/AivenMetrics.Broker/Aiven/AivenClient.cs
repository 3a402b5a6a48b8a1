using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AivenMetrics.Broker.Aiven;

/// <summary>
/// Typed client for the part of the Aiven API that the broker uses. Every method may throw <see cref="AivenException"/> (Aiven rejected the
/// request) and <see cref="AivenUnreachableException"/> (no usable response). Methods that create something may also throw
/// <see cref="AivenOutcomeUnknownException"/>. Transient failures are retried before an exception is thrown.
/// </summary>
internal sealed class AivenClient(AivenTransport transport)
{
    /// <summary>The integration and endpoint type that makes Aiven open the metrics port.</summary>
    public const string PrometheusType = "prometheus";

    /// <summary>
    /// Lists all services of a project, with tags, hosts and integrations, without secrets: <c>GET /project/{p}/service</c>.
    /// </summary>
    public async Task<IReadOnlyList<AivenService>> ListServicesAsync(string project, CancellationToken cancellationToken) =>
        Require(
            "list services",
            await transport.SendAsync(
                new("list services", project, HttpMethod.Get, ProjectPath(project, "service") + "?include_secrets=false"),
                AivenJson.Default.AivenServiceList,
                cancellationToken
            ),
            list => list.Services
        );

    /// <summary>Reads one service: <c>GET /project/{p}/service/{s}</c>.</summary>
    public async Task<AivenService> GetServiceAsync(string project, string service, CancellationToken cancellationToken) =>
        Require(
            "read a service",
            await transport.SendAsync(
                new("read a service", project, HttpMethod.Get, ProjectPath(project, "service", service) + "?include_secrets=false"),
                AivenJson.Default.AivenServiceResponse,
                cancellationToken
            ),
            answer => answer.Service
        );

    /// <summary>
    /// Reads the CA certificate (PEM) that signs the certificates of the project's nodes: <c>GET /project/{p}/kms/ca</c>.
    /// </summary>
    public async Task<string> GetCaCertificateAsync(string project, CancellationToken cancellationToken) =>
        Require(
            "read the project's CA",
            await transport.SendAsync(
                new("read the project's CA", project, HttpMethod.Get, ProjectPath(project, "kms", "ca")),
                AivenJson.Default.AivenCertificate,
                cancellationToken
            ),
            answer => answer.Certificate
        );

    /// <summary>
    /// Lists the service types that support a <c>prometheus</c> integration: the union of the project's endpoint types and integration
    /// types, because either list can be outdated.
    /// </summary>
    public async Task<IReadOnlySet<string>> ListEligibleServiceTypesAsync(string project, CancellationToken cancellationToken)
    {
        var endpoints = Require(
            "list endpoint types",
            await transport.SendAsync(
                new("list endpoint types", project, HttpMethod.Get, ProjectPath(project, "integration_endpoint_types")),
                AivenJson.Default.AivenEndpointTypes,
                cancellationToken
            ),
            answer => answer.EndpointTypes
        );
        var integrations = Require(
            "list integration types",
            await transport.SendAsync(
                new("list integration types", project, HttpMethod.Get, ProjectPath(project, "integration_types")),
                AivenJson.Default.AivenIntegrationTypes,
                cancellationToken
            ),
            answer => answer.IntegrationTypes
        );
        return endpoints
            .Where(row => row.EndpointType == PrometheusType)
            .SelectMany(row => row.ServiceTypes ?? [])
            .Concat(integrations.Where(row => row.IntegrationType == PrometheusType).SelectMany(row => row.SourceServiceTypes ?? []))
            .ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Lists the integration endpoints of the project, of all types: <c>GET /project/{p}/integration_endpoint</c>.</summary>
    public async Task<IReadOnlyList<AivenEndpoint>> ListEndpointsAsync(string project, CancellationToken cancellationToken) =>
        Require(
            "list endpoints",
            await transport.SendAsync(
                new("list endpoints", project, HttpMethod.Get, ProjectPath(project, "integration_endpoint")),
                AivenJson.Default.AivenEndpointList,
                cancellationToken
            ),
            list => list.ServiceIntegrationEndpoints
        );

    /// <summary>Creates a <c>prometheus</c> endpoint: <c>POST /project/{p}/integration_endpoint</c>.</summary>
    public async Task<AivenEndpoint> CreateEndpointAsync(
        string project,
        string name,
        AivenBasicAuth credentials,
        CancellationToken cancellationToken
    )
    {
        var call = new AivenRequest("create the endpoint", project, HttpMethod.Post, ProjectPath(project, "integration_endpoint"))
        {
            Body = SerializeBody(new(name, PrometheusType, credentials), AivenJson.Default.CreateEndpointRequest),
            Secrets = [credentials.BasicAuthPassword],
        };
        var answer = await transport.SendAsync(call, AivenJson.Default.AivenEndpointResponse, cancellationToken);
        return answer?.ServiceIntegrationEndpoint ?? throw OutcomeUnknown(call.Operation);
    }

    /// <summary>
    /// Sets the credentials of an endpoint: <c>PUT /project/{p}/integration_endpoint/{id}</c>. Succeeds if they are already set.
    /// </summary>
    public async Task UpdateEndpointAsync(
        string project,
        string endpointId,
        AivenBasicAuth credentials,
        CancellationToken cancellationToken
    )
    {
        var call = new AivenRequest(
            "update the endpoint",
            project,
            HttpMethod.Put,
            ProjectPath(project, "integration_endpoint", endpointId)
        )
        {
            Body = SerializeBody(new(credentials), AivenJson.Default.UpdateEndpointRequest),
            Secrets = [credentials.BasicAuthPassword],
        };
        try
        {
            await transport.SendAsync<AivenEndpointResponse>(call, null, cancellationToken);
        }
        catch (AivenException exception) when (exception.Error.Message.Contains("not changed", StringComparison.OrdinalIgnoreCase))
        {
            // Aiven reports "User config not changed" as an error.
        }
    }

    /// <summary>Integrates a service with an endpoint: <c>POST /project/{p}/integration</c>.</summary>
    public async Task<AivenIntegration> CreateIntegrationAsync(
        string project,
        string service,
        string endpointId,
        CancellationToken cancellationToken
    )
    {
        var call = new AivenRequest("create the integration", project, HttpMethod.Post, ProjectPath(project, "integration"))
        {
            Body = SerializeBody(new(PrometheusType, service, endpointId), AivenJson.Default.CreateIntegrationRequest),
        };
        var answer = await transport.SendAsync(call, AivenJson.Default.AivenIntegrationResponse, cancellationToken);
        return answer?.ServiceIntegration is { ServiceIntegrationId.Length: > 0 } integration
            ? integration
            : throw OutcomeUnknown(call.Operation);
    }

    /// <summary>Deletes an integration: <c>DELETE /project/{p}/integration/{id}</c>. Succeeds if it no longer exists.</summary>
    public async Task DeleteIntegrationAsync(string project, string integrationId, CancellationToken cancellationToken)
    {
        try
        {
            var call = new AivenRequest(
                "delete the integration",
                project,
                HttpMethod.Delete,
                ProjectPath(project, "integration", integrationId)
            );
            await transport.SendAsync<AivenIntegrationResponse>(call, null, cancellationToken);
        }
        catch (AivenException exception) when (exception.Error.Status == 404)
        {
            // Deleted by another client, or by an earlier attempt whose response was lost.
        }
    }

    private static string ProjectPath(params ReadOnlySpan<string> segments)
    {
        var path = "project";
        foreach (var segment in segments)
        {
            path += "/" + Uri.EscapeDataString(segment);
        }
        return path;
    }

    private static byte[] SerializeBody<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    private static TPart Require<TAnswer, TPart>(string operation, TAnswer? answer, Func<TAnswer, TPart?> part)
        where TAnswer : class
        where TPart : class =>
        (answer is null ? null : part(answer)) ?? throw new AivenUnreachableException(operation, "the response is incomplete.");

    private static AivenOutcomeUnknownException OutcomeUnknown(string operation) =>
        new(operation, "the response does not contain the created object.");
}
