using System.Text;
using System.Text.Json.Nodes;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>The kind of platform.</summary>
internal enum PlatformProfile
{
    CloudFoundry,
    Kubernetes,
}

/// <summary>
/// Organization and space of an instance (OSB profile.md, "Context Object"). For Kubernetes the organization is the cluster and the
/// space is the namespace, as the Kubernetes service catalog fills the two GUIDs.
/// </summary>
internal sealed record PlatformTenant(
    PlatformProfile Profile,
    string OrganizationGuid,
    string OrganizationName,
    string SpaceGuid,
    string SpaceName
)
{
    /// <summary>Returns the context object.</summary>
    /// <param name="instanceName">The name of the instance for provision and update; null for a bind.</param>
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

    /// <summary>Returns the originating identity header of a user (OSB profile.md, "Originating Identity Header").</summary>
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
