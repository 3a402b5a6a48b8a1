using System.Text;
using System.Text.Json.Nodes;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>Whose words the platform uses.</summary>
internal enum PlatformProfile
{
    CloudFoundry,
    Kubernetes,
}

/// <summary>
/// Where an instance belongs (profile.md; 130, 131). With Kubernetes the organization is the cluster and the space the namespace,
/// as the service catalog of Kubernetes fills the two guids.
/// </summary>
internal sealed record PlatformTenant(
    PlatformProfile Profile,
    string OrganizationGuid,
    string OrganizationName,
    string SpaceGuid,
    string SpaceName
)
{
    /// <summary>The context object.</summary>
    /// <param name="instanceName">Given for provision and update only; null with a bind.</param>
    public JsonObject Context(string? instanceName)
    {
        JsonObject context =
            Profile == PlatformProfile.CloudFoundry
                ? new()
                {
                    ["platform"] = "cloudfoundry",
                    ["organization_guid"] = OrganizationGuid,
                    ["organization_name"] = OrganizationName,
                    ["space_guid"] = SpaceGuid,
                    ["space_name"] = SpaceName,
                }
                : new()
                {
                    ["platform"] = "kubernetes",
                    ["clusterid"] = OrganizationGuid,
                    ["namespace"] = SpaceName,
                };
        if (instanceName is not null)
        {
            context["instance_name"] = instanceName;
        }
        return context;
    }

    /// <summary>The originating identity of a user (9, 129).</summary>
    public static string OriginatingIdentity(PlatformProfile profile, string user)
    {
        JsonObject who =
            profile == PlatformProfile.CloudFoundry
                ? new() { ["user_id"] = user }
                : new()
                {
                    ["username"] = user,
                    ["uid"] = user,
                    ["groups"] = new JsonArray("system:authenticated"),
                    ["extra"] = new JsonObject(),
                };
        return $"{profile.ToString().ToLowerInvariant()} {Convert.ToBase64String(Encoding.UTF8.GetBytes(who.ToJsonString()))}";
    }
}
