using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Requests of Cloud Foundry and Kubernetes (requirements 129 to 133).</summary>
internal static class ProfileChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("129", "The originating identities of both platforms are accepted, with additional properties", async context =>
        {
            foreach (var profile in Enum.GetValues<PlatformProfile>())
            {
                context.Expect(
                    await context.SendToCompletionAsync(
                        OsbCalls
                            .Provision(context.NewInstanceId(), context.ProvisionBody())
                            .WithHeader(
                                BrokerClient.OriginatingIdentityHeader,
                                PlatformTenant.OriginatingIdentity(profile, "683ea748-3092-4ff4-b656-39cacc4d5360")
                            )
                    ),
                    $"{profile}'s identity",
                    201
                );
            }
        }),
        new("130", "A Cloud Foundry context with names and annotations is accepted", async context =>
        {
            ConformanceContext.Require(context.Options.Tenant.Profile == PlatformProfile.CloudFoundry, "the options are for Kubernetes");
            var body = context.ProvisionBody();
            foreach (var name in (string[])["organization_annotations", "space_annotations", "instance_annotations"])
            {
                body["context"]![name] = new JsonObject { ["example.com/team"] = "a team" };
            }
            var instance = context.NewInstanceId();
            context.Expect(await context.SendToCompletionAsync(OsbCalls.Provision(instance, body)), "a provision with annotations", 201);
            var update = WithField(context.UpdateBody(), "plan_id", context.Plan.Id);
            update["parameters"] = new JsonObject();
            update["previous_values"] = new JsonObject
            {
                ["plan_id"] = context.Plan.Id,
                ["service_id"] = context.Offering.Id,
                ["organization_id"] = context.Options.Tenant.OrganizationGuid,
                ["space_id"] = context.Options.Tenant.SpaceGuid,
                ["maintenance_info"] = null,
            };
            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Update(instance, update)),
                "a rename as Cloud Controller sends it",
                200
            );
        }),
        new("131", "A Kubernetes context is accepted", async context =>
        {
            var kubernetes = new PlatformTenant(
                PlatformProfile.Kubernetes,
                context.Options.Tenant.OrganizationGuid,
                "",
                context.Options.Tenant.SpaceGuid,
                "conformance"
            );
            // Parameters may name resources of the space, which a namespace does not own.
            var body = WithField(WithoutField(context.ProvisionBody(), "parameters"), "context", kubernetes.Context("conformance"));
            body["context"]!["namespace_annotations"] = new JsonObject { ["example.com/team"] = "a team" };
            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Provision(context.NewInstanceId(), body)),
                "a provision from Kubernetes",
                context.Options.Parameters is null ? [201] : [201, 400]
            );
        }),
        new("132", "A service key has no app: an empty bind_resource, or one with credential_client_id", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            foreach (
                var resource in (JsonObject[])
                    [
                        [],
                        new() { ["credential_client_id"] = "conformance-client" },
                    ]
            )
            {
                await context.CreateBindingAsync(
                    instance,
                    WithField(WithoutField(context.BindBody(), "app_guid"), "bind_resource", resource)
                );
            }
        }),
        new("132", "An app binding has app_guid twice, space_guid and app_annotations", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            var body = context.BindBody();
            body["bind_resource"]!["app_annotations"] = new JsonObject { ["example.com/owner"] = "somebody" };
            await context.CreateBindingAsync(instance, body);
        }),
    ];
}
