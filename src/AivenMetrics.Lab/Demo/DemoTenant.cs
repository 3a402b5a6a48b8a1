using System.Text.Json.Nodes;

namespace AivenMetrics.Lab.Demo;

/// <summary>A tenant of the demo with its service instance, its binding and its credentials.</summary>
internal sealed record DemoTenant(
    string Name,
    string OrganizationId,
    string SpaceId,
    string InstanceId,
    string BindingId,
    string ServiceId,
    string PlanId,
    JsonObject Credentials
)
{
    public string Url => Credentials["url"]!.GetValue<string>();

    public string Username => Credentials["username"]!.GetValue<string>();

    public string Password => Credentials["password"]!.GetValue<string>();
}
