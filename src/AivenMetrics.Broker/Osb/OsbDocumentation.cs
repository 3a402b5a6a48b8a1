using System.Text;
using AivenMetrics.Broker.Api;
using AivenMetrics.Broker.Catalog;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Broker.Osb;

/// <summary>Descriptions of the OSB operations for openapi.yaml: statuses, headers and examples.</summary>
internal static class OsbDocumentation
{
    private static readonly Dictionary<int, string> StatusDescriptions = new()
    {
        [200] = "OK.",
        [201] = "Created.",
        [202] = "In progress. Poll the last operation. A repeated request returns the same operation.",
        [304] = "Not modified; no body.",
        [400] = "The request is invalid. The description names the field. Nothing was changed.",
        [401] = "The user name or password for the service broker is wrong. Responses to repeated failures are delayed.",
        [404] = "The resource does not exist or is still being created.",
        [409] = "The id already exists with other values.",
        [410] = "The resource does not exist or was deleted.",
        [412] = "The version header is missing or names an unsupported version.",
        [413] = "The body exceeds 1 MiB.",
        [422] = "The request cannot be processed. The member error contains the code of the specification, if it defines one.",
        [429] = "Too many credentials wait for verification.",
        [500] = "The broker failed unexpectedly. The operator finds the reason in the log.",
        [503] = "The broker's database is unavailable, or the broker has not read the Aiven services yet.",
    };

    private static readonly Dictionary<int, OsbError> CommonErrorExamples = new()
    {
        [400] = OsbErrors.BadRequest("The field plan_id is missing or empty."),
        [401] = OsbErrors.Unauthorized,
        [412] = OsbErrors.UnsupportedVersion("is missing or given twice"),
        [413] = OsbErrors.BodyTooLarge,
        [422] = OsbErrors.ConcurrencyError,
        [429] = OsbErrors.TooManyAuthentications,
        [500] = OsbErrors.InternalError,
        [503] = OsbErrors.DatabaseUnavailable,
    };

    private const string InstanceExample = """
        {
          "metadata": {
            "labels": { "scope": "space", "space_name": "team-a" },
            "attributes": { "gateway_url": "https://metrics.example.com" }
          }
        }
        """;

    private static readonly Dictionary<string, OperationDocumentation> Operations = new()
    {
        ["Catalog"] = new(
            "Returns the service offering and its plans. The catalog does not change while the broker runs.",
            ResponseExamples: new()
            {
                [200] = Encoding.UTF8.GetString(new ServiceCatalog(new CatalogOptions(), TimeProvider.System).Body.Span),
            }
        ),
        ["Provision"] = new(
            "Creates an instance synchronously. A repeated request returns 200.",
            RequestExample: """
            {
              "service_id": "b8a4a1a6-5a8e-4c53-9f5c-6b0e3d2f7c10",
              "plan_id": "2f6d3d0e-7c0d-4f0b-8e53-0a9f4b7f1c21",
              "organization_guid": "0a1f6a4e-2f0c-4c1e-9a55-3f2b6f1f7a10",
              "space_guid": "6b1c2a0f-0f64-4a53-8f0b-5a8a3b3a9e21",
              "context": {
                "platform": "cloudfoundry",
                "organization_guid": "0a1f6a4e-2f0c-4c1e-9a55-3f2b6f1f7a10",
                "organization_name": "payments",
                "space_guid": "6b1c2a0f-0f64-4a53-8f0b-5a8a3b3a9e21",
                "space_name": "team-a",
                "instance_name": "my-metrics"
              }
            }
            """,
            ResponseExamples: new() { [200] = InstanceExample, [201] = InstanceExample },
            ErrorExamples: new() { [409] = OsbErrors.InstanceConflict }
        ),
        ["FetchInstance"] = new(
            "Returns an instance. The query parameters are optional hints.",
            ResponseExamples: new()
            {
                [200] = """
                {
                  "service_id": "b8a4a1a6-5a8e-4c53-9f5c-6b0e3d2f7c10",
                  "plan_id": "6c1e9d54-2b1f-4b43-a5f1-3d8a7e9b0d32",
                  "parameters": { "services": ["orders-pg"] },
                  "metadata": {
                    "labels": { "scope": "services", "space_name": "team-a" },
                    "attributes": { "gateway_url": "https://metrics.example.com" }
                  }
                }
                """,
            },
            ErrorExamples: new() { [404] = OsbErrors.InstanceNotFound }
        ),
        ["Update"] = new(
            "Updates plan, parameters, names or maintenance version synchronously. Absent members stay unchanged. Bindings "
                + "keep their scope.",
            RequestExample: """
            {
              "service_id": "b8a4a1a6-5a8e-4c53-9f5c-6b0e3d2f7c10",
              "plan_id": "2f6d3d0e-7c0d-4f0b-8e53-0a9f4b7f1c21",
              "previous_values": { "plan_id": "6c1e9d54-2b1f-4b43-a5f1-3d8a7e9b0d32" }
            }
            """,
            ResponseExamples: new() { [200] = InstanceExample },
            ErrorExamples: new() { [404] = OsbErrors.InstanceNotFound }
        ),
        ["Deprovision"] = new(
            "Deletes an instance synchronously. An instance with bindings cannot be deleted.",
            ResponseExamples: new() { [200] = "{}" },
            ErrorExamples: new() { [400] = OsbErrors.HasBindings, [410] = OsbErrors.InstanceGone }
        ),
        ["InstanceLastOperation"] = new(
            "Returns the state of the last operation. Operations on instances are synchronous, so it is always succeeded.",
            ResponseExamples: new() { [200] = """{ "state": "succeeded" }""" },
            ErrorExamples: new() { [404] = OsbErrors.InstanceNotFound }
        ),
        ["Bind"] = new(
            "Creates a binding with its own credentials. Waits until they work, or returns 202 if the platform supports polling. "
                + "A repeated request returns the same credentials.",
            RequestExample: """
            {
              "service_id": "b8a4a1a6-5a8e-4c53-9f5c-6b0e3d2f7c10",
              "plan_id": "2f6d3d0e-7c0d-4f0b-8e53-0a9f4b7f1c21",
              "bind_resource": { "app_guid": "d7c2a6b1-4c57-4f0c-9b0e-1f6f3a5e2c44", "space_guid": "6b1c2a0f-0f64-4a53-8f0b-5a8a3b3a9e21" }
            }
            """,
            ResponseExamples: new()
            {
                [200] = BindingExample(),
                [201] = BindingExample(),
                [202] = """{ "operation": "bind-5f0c3a9e1b7d2468" }""",
            },
            ErrorExamples: new()
            {
                [400] = OsbErrors.ServicesNotFound(["orders-pg"]),
                [404] = OsbErrors.InstanceNotFound,
                [409] = OsbErrors.BindingConflict,
                [422] = OsbErrors.AsyncRequired(TimeSpan.FromSeconds(20), "0 of 1 services deliver metrics."),
            }
        ),
        ["FetchBinding"] = new(
            "Returns a binding with its credentials and parameters. The query parameters are optional hints.",
            ResponseExamples: new() { [200] = BindingExample(", \"parameters\": {}") },
            ErrorExamples: new() { [404] = OsbErrors.BindingNotFound }
        ),
        ["Unbind"] = new(
            "Deletes a binding, even while it is being created. Its credentials stop working.",
            ResponseExamples: new() { [200] = "{}" },
            ErrorExamples: new() { [410] = OsbErrors.BindingGone }
        ),
        ["BindingLastOperation"] = new(
            "Returns the state of the last operation, with a description for the user.",
            ResponseExamples: new()
            {
                [200] = """
                { "state": "in progress", "description": "Waiting for Aiven to open the metrics port of orders-pg (about a minute)." }
                """,
            },
            ErrorExamples: new() { [404] = OsbErrors.BindingNotFound }
        ),
    };

    /// <summary>Adds the documentation to the route of that name.</summary>
    public static void WithOsbDocumentation(this RouteHandlerBuilder endpoint, string name, Type? body, IEnumerable<int> statuses)
    {
        var operation = Operations[name];
        endpoint
            .WithDescription(operation.Description)
            .WithHeader("X-Broker-API-Version", true, "2.13 or a newer 2.x version.")
            .WithHeader(OsbPipeline.RequestIdentityHeader, false, "Any text. The response echoes it.")
            .WithHeader(
                OriginatingIdentity.Header,
                false,
                "User of the platform: name of the platform, a space and a JSON object in base64. Stored in the audit trail."
            )
            .WithResponseHeader(OsbPipeline.RequestIdentityHeader, "Value of the request.")
            .WithResponseHeader("WWW-Authenticate", "Challenge for HTTP basic authentication.", 401)
            .WithResponseHeader("Retry-After", "Delay in seconds before the next request.", 202, 429, 503);
        if (name == "Catalog")
        {
            endpoint
                .WithHeader(
                    "If-None-Match",
                    false,
                    "Entity tags of known versions, compared weakly. Takes precedence over If-Modified-Since."
                )
                .WithHeader("If-Modified-Since", false, "HTTP date of the known version.")
                .WithResponseHeader("ETag", "Entity tag of this version.", 200, 304)
                .WithResponseHeader("Last-Modified", "HTTP date of this version: the start time of the broker.", 200);
        }
        if (name.EndsWith("LastOperation", StringComparison.Ordinal))
        {
            endpoint.WithResponseHeader("Retry-After", "Delay in seconds before the next poll, while the operation is in progress.", 200);
        }
        if (body is not null)
        {
            endpoint.WithBody(body, operation.RequestExample);
        }
        foreach (var status in statuses)
        {
            endpoint.WithResponse(status, StatusDescriptions[status], ResponseExample(operation, status));
        }
    }

    private static string? ResponseExample(OperationDocumentation operation, int status) =>
        operation.ResponseExamples.GetValueOrDefault(status)
        ?? (
            (operation.ErrorExamples?.GetValueOrDefault(status) ?? CommonErrorExamples.GetValueOrDefault(status)) is { } error
                ? Encoding.UTF8.GetString(OsbResponse.Error(error).Body.Span)
                : null
        );

    private static string BindingExample(string more = "") =>
        $$"""
            {
              "credentials": {
                "url": "https://metrics.example.com",
                "username": "m-0f1e2d3c4b5a6978",
                "password": "the-password",
                "uri": "https://m-0f1e2d3c4b5a6978:the-password@metrics.example.com",
                "scope": {
                  "description": "Every Aiven service of the space team-a, present and future.",
                  "matchers": [
                    { "name": "organization_id", "type": "=", "value": "2f9d1c54-7c61-4d0b-9a3e-6f1f5a0d8b77" },
                    { "name": "space_id", "type": "=", "value": "6b1c2a0f-0f64-4a53-8f0b-5a8a3b3a9e21" }
                  ]
                },
                "services": [{ "name": "orders-pg", "type": "pg", "state": "RUNNING", "metrics": "Metrics are collected." }],
                "grafana_datasource": "apiVersion: 1\ndatasources: […]\n",
                "prometheus_version": "2.42.0",
                "bearer_token": "bS0wZjFlMmQzYzRiNWE2OTc4OnRoZS1wYXNzd29yZA"
              },
              "metadata": { "expires_at": "2027-02-21T12:00:00.0Z", "renew_before": "2027-01-30T00:00:00.0Z" },
              "endpoints": [{ "host": "metrics.example.com", "ports": ["443"], "protocol": "tcp" }]{{more}}
            }
            """;

    /// <summary>Documentation of an operation.</summary>
    /// <param name="Description">Description of the operation.</param>
    /// <param name="ResponseExamples">Examples of response bodies by status.</param>
    /// <param name="RequestExample">Example of the request body.</param>
    /// <param name="ErrorExamples">Examples of errors by status, more specific than the common ones.</param>
    private sealed record OperationDocumentation(
        string Description,
        Dictionary<int, string> ResponseExamples,
        string? RequestExample = null,
        Dictionary<int, OsbError>? ErrorExamples = null
    );
}
