namespace AivenMetrics.Simulator.Api;

/// <summary>The simulated calls of Aiven's API, under <c>/v1</c>.</summary>
internal static class ApiRoutes
{
    public static RouteTable Table { get; } =
        new(
            new("GET", "/project", "Projects", ProjectCalls.List),
            new("GET", "/project/{project}", "A project", ProjectCalls.Get),
            new("GET", "/project/{project}/kms/ca", "The project's CA", ProjectCalls.Ca),
            new("GET", "/project/{project}/service_types", "The catalogue of service types", ProjectCalls.ServiceTypeList),
            new("GET", "/project/{project}/integration_types", "Integration types and their sources", ProjectCalls.IntegrationTypes),
            new(
                "GET",
                "/project/{project}/integration_endpoint_types",
                "Endpoint types and their service types",
                ProjectCalls.EndpointTypes
            ),
            new("GET", "/project/{project}/service", "All services", ServiceCalls.List),
            new("POST", "/project/{project}/service", "Create a service", ServiceCalls.Create),
            new("GET", "/project/{project}/service/{service}", "A service", ServiceCalls.Get),
            new("PUT", "/project/{project}/service/{service}", "Power, plan, cloud, user_config, protection", ServiceCalls.Update),
            new("DELETE", "/project/{project}/service/{service}", "Delete a service", ServiceCalls.Delete),
            new("GET", "/project/{project}/service/{service}/tags", "Tags", TagCalls.Get),
            new("PUT", "/project/{project}/service/{service}/tags", "Replace all tags", TagCalls.Replace),
            new("PATCH", "/project/{project}/service/{service}/tags", "Merge tags, null deletes", TagCalls.Merge),
            new("GET", "/project/{project}/service/{service}/integration", "Integrations and placeholders", IntegrationCalls.OfService),
            new("POST", "/project/{project}/integration", "Create an integration", IntegrationCalls.Create),
            new("GET", "/project/{project}/integration/{id}", "An integration", IntegrationCalls.Get),
            new("PUT", "/project/{project}/integration/{id}", "Its user_config", IntegrationCalls.Update),
            new("DELETE", "/project/{project}/integration/{id}", "Delete an integration", IntegrationCalls.Delete),
            new("GET", "/project/{project}/integration_endpoint", "All endpoints", EndpointCalls.List),
            new("POST", "/project/{project}/integration_endpoint", "Create an endpoint", EndpointCalls.Create),
            new("GET", "/project/{project}/integration_endpoint/{id}", "An endpoint", EndpointCalls.Get),
            new("PUT", "/project/{project}/integration_endpoint/{id}", "Its user_config", EndpointCalls.Update),
            new("DELETE", "/project/{project}/integration_endpoint/{id}", "Delete an endpoint", EndpointCalls.Delete)
        );
}
