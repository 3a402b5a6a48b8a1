using AivenMetrics.Broker;
using AivenMetrics.Broker.Api;
using AivenMetrics.Tests.Broker.Osb;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace AivenMetrics.Tests.Broker.Api;

public sealed class OpenApiDescriptionTests
{
    [Fact]
    public async Task The_description_names_every_route_with_its_parameters_bodies_answers_and_security()
    {
        var yaml = await YamlAsync();
        string[] expected =
        [
            "  /v2/catalog:",
            "  '/v2/service_instances/{instance_id}':",
            "  '/v2/service_instances/{instance_id}/last_operation':",
            "  '/v2/service_instances/{instance_id}/service_bindings/{binding_id}':",
            "  '/v2/service_instances/{instance_id}/service_bindings/{binding_id}/last_operation':",
            "  /feed/v1/targets:",
            "  /feed/v1/credentials:",
            "        - name: binding_id",
            "        - name: accepts_incomplete",
            "        - name: X-Broker-API-Version",
            "$ref: '#/components/schemas/BindRequest'",
            "$ref: '#/components/schemas/BindingResponse'",
            "        grafana_datasource:",
            "      scheme: basic",
            "        - platform: [ ]",
        ];
        Assert.All(expected, line => Assert.Contains(line, yaml, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Members_that_are_always_present_are_required_and_optional_ones_are_not()
    {
        var yaml = await YamlAsync();
        var credentials = yaml[yaml.IndexOf("    Credentials:\n", StringComparison.Ordinal)..];
        var required = credentials[..credentials.IndexOf("properties:", StringComparison.Ordinal)];

        Assert.Contains("- grafana_datasource", required, StringComparison.Ordinal);
        Assert.DoesNotContain("- prometheus_version", required, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_description_is_the_same_every_time() => Assert.Equal(await YamlAsync(), await YamlAsync());

    private static async Task<string> YamlAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddBroker(BrokerHost.NewOptions());
        await using var app = builder.Build();
        app.MapBroker();
        app.UseRouting();
        app.UseEndpoints(_ => { });
        return await OpenApiDescription.WriteYamlAsync(app.Services);
    }
}
