using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>What Cloud Foundry and Kubernetes send (129 to 133, B1).</summary>
internal static class ProfileChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [new("129", "The originating identities of both platforms are taken, with properties of their own", async lab =>
        {
            foreach (var profile in Enum.GetValues<PlatformProfile>())
            {
                lab.Expect(
                    await lab.SendToCompletionAsync(
                        OsbCalls
                            .Provision(lab.NewInstanceId(), lab.ProvisionBody())
                            .WithHeader(
                                BrokerClient.OriginatingIdentityHeader,
                                PlatformTenant.OriginatingIdentity(profile, "683ea748-3092-4ff4-b656-39cacc4d5360")
                            )
                    ),
                    $"{profile}'s identity",
                    201
                );
            }
        }), new("130", "A context of Cloud Foundry with names and annotations is taken", async lab =>
        {
            ConformanceContext.Require(lab.Options.Tenant.Profile == PlatformProfile.CloudFoundry, "the tenant is of Kubernetes");
            var body = lab.ProvisionBody();
            foreach (var name in (string[])["organization_annotations", "space_annotations", "instance_annotations"])
            {
                body["context"]![name] = new JsonObject { ["example.com/team"] = "a team" };
            }
            var instance = lab.NewInstanceId();
            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Provision(instance, body)), "a provision with annotations", 201);
            var update = WithField(lab.UpdateBody(), "plan_id", lab.Plan.Id);
            update["parameters"] = new JsonObject();
            update["previous_values"] = new JsonObject
            {
                ["plan_id"] = lab.Plan.Id,
                ["service_id"] = lab.Offering.Id,
                ["organization_id"] = lab.Options.Tenant.OrganizationGuid,
                ["space_id"] = lab.Options.Tenant.SpaceGuid,
                ["maintenance_info"] = null,
            };
            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Update(instance, update)), "a rename as Cloud Controller sends it", 200);
        }), new("131", "A context of Kubernetes is taken", async lab =>
        {
            var kubernetes = new PlatformTenant(
                PlatformProfile.Kubernetes,
                lab.Options.Tenant.OrganizationGuid,
                "",
                lab.Options.Tenant.SpaceGuid,
                "conformance"
            );
            // Parameters may name things of the space, which a namespace does not own.
            var body = WithField(WithoutField(lab.ProvisionBody(), "parameters"), "context", kubernetes.Context("conformance"));
            body["context"]!["namespace_annotations"] = new JsonObject { ["example.com/team"] = "a team" };
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Provision(lab.NewInstanceId(), body)),
                "a provision from Kubernetes",
                lab.Options.Parameters is null ? [201] : [201, 400]
            );
        }), new("132", "A service key has no app: an empty bind_resource, or one with credential_client_id", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            foreach (
                var resource in (JsonObject[])
                    [
                        [],
                        new() { ["credential_client_id"] = "conformance-client" },
                    ]
            )
            {
                await lab.CreateBindingAsync(instance, WithField(WithoutField(lab.BindBody(), "app_guid"), "bind_resource", resource));
            }
        }), new("132", "An app binding has app_guid twice, space_guid and app_annotations", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            var body = lab.BindBody();
            body["bind_resource"]!["app_annotations"] = new JsonObject { ["example.com/owner"] = "somebody" };
            await lab.CreateBindingAsync(instance, body);
        })];
}
