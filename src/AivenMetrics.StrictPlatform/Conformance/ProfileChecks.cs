using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>What Cloud Foundry and Kubernetes send (129 to 133, B1).</summary>
internal static class ProfileChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("129", "The originating identities of both platforms are taken, with properties of their own", async lab =>
        {
            foreach (Profile profile in Enum.GetValues<Profile>())
                lab.Expect(await lab.Finished(Asks.Provision(lab.NewInstance(), lab.ProvisionBody()).With(BrokerClient.OriginatingIdentityHeader, Tenant.Identity(profile, "683ea748-3092-4ff4-b656-39cacc4d5360"))), $"{profile}'s identity", 201);
        }),
        new("130", "A context of Cloud Foundry with names and annotations is taken", async lab =>
        {
            Lab.Needs(lab.Options.Tenant.Profile == Profile.CloudFoundry, "the tenant is of Kubernetes");
            JsonObject body = lab.ProvisionBody();
            foreach (string name in (string[])["organization_annotations", "space_annotations", "instance_annotations"])
                body["context"]![name] = new JsonObject { ["example.com/team"] = "a team" };
            string instance = lab.NewInstance();
            lab.Expect(await lab.Finished(Asks.Provision(instance, body)), "a provision with annotations", 201);
            JsonObject update = Changed(lab.UpdateBody(), "plan_id", lab.Plan.Id);
            update["parameters"] = new JsonObject();
            update["previous_values"] = new JsonObject { ["plan_id"] = lab.Plan.Id, ["service_id"] = lab.Offering.Id, ["organization_id"] = lab.Options.Tenant.OrganizationGuid, ["space_id"] = lab.Options.Tenant.SpaceGuid, ["maintenance_info"] = null };
            lab.Expect(await lab.Finished(Asks.Update(instance, update)), "a rename as Cloud Controller sends it", 200);
        }),
        new("131", "A context of Kubernetes is taken", async lab =>
        {
            var kubernetes = new Tenant(Profile.Kubernetes, lab.Options.Tenant.OrganizationGuid, "", lab.Options.Tenant.SpaceGuid, "conformance");
            // Parameters may name things of the space, which a namespace does not own.
            JsonObject body = Changed(Without(lab.ProvisionBody(), "parameters"), "context", kubernetes.Context("conformance"));
            body["context"]!["namespace_annotations"] = new JsonObject { ["example.com/team"] = "a team" };
            lab.Expect(await lab.Finished(Asks.Provision(lab.NewInstance(), body)), "a provision from Kubernetes", lab.Options.Parameters is null ? [201] : [201, 400]);
        }),
        new("132", "A service key has no app: an empty bind_resource, or one with credential_client_id", async lab =>
        {
            string instance = await lab.Instance();
            foreach (JsonObject resource in (JsonObject[])[[], new() { ["credential_client_id"] = "conformance-client" }])
                await lab.Binding(instance, Changed(Without(lab.BindBody(), "app_guid"), "bind_resource", resource));
        }),
        new("132", "An app binding has app_guid twice, space_guid and app_annotations", async lab =>
        {
            string instance = await lab.Instance();
            JsonObject body = lab.BindBody();
            body["bind_resource"]!["app_annotations"] = new JsonObject { ["example.com/owner"] = "somebody" };
            await lab.Binding(instance, body);
        }),
    ];
}
