using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Who may ask at all (1 to 4).</summary>
internal static class AuthenticationChecks
{
    public static IReadOnlyList<Check> All { get; } = [new("1", "Every endpoint refuses wrong credentials with 401", async lab =>
        {
            foreach (var ask in CallsOfAllEndpoints(lab))
            {
                foreach ((var what, var value) in WrongCredentials(lab))
                {
                    lab.Expect(await lab.SendAsync(ask.WithHeader("Authorization", value)), $"{ask.Endpoint} with {what}", 401);
                }
            }
        }), new("1", "The scheme of the authentication is compared without case", async lab =>
        {
            var basic = BrokerClient.BasicCredentials(lab.Connection.Username, lab.Connection.Password);
            lab.Expect(await lab.SendAsync(OsbCalls.Catalog().WithHeader("Authorization", "bAsIc" + basic[5..])), "the scheme bAsIc", 200);
        }), new("3", "A provision that is not authenticated makes nothing", async lab =>
        {
            var instance = lab.NewInstanceId();
            await lab.SendAsync(OsbCalls.Provision(instance, lab.ProvisionBody()).WithHeader("Authorization", null));
            await lab.ExpectNoInstanceAsync(instance, "an instance of a provision without credentials");
        }), new("3", "A delete that is not authenticated deletes nothing", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            await lab.SendAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids).WithHeader("Authorization", null));
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids)),
                "the delete with credentials after one without",
                200
            );
        })];

    private static IEnumerable<OsbCall> CallsOfAllEndpoints(ConformanceContext lab)
    {
        (var instance, var binding) = (lab.NewInstanceId(), Guid.NewGuid().ToString());
        lab.Track(instance, binding);
        return
        [
            OsbCalls.Catalog(),
            OsbCalls.Provision(instance, lab.ProvisionBody()),
            OsbCalls.FetchInstance(instance),
            OsbCalls.Update(instance, lab.UpdateBody()),
            OsbCalls.LastOperation(instance, null),
            OsbCalls.Deprovision(instance, lab.Plan.Ids),
            lab.BindCall(instance, binding),
            OsbCalls.FetchBinding(instance, binding),
            OsbCalls.LastOperation(instance, binding),
            OsbCalls.Unbind(instance, binding, lab.Plan.Ids),
        ];
    }

    private static IEnumerable<(string What, string? Value)> WrongCredentials(ConformanceContext lab) =>
        [
            ("no credentials", null),
            ("a wrong password", BrokerClient.BasicCredentials(lab.Connection.Username, lab.Connection.Password + "x")),
            ("an empty password", BrokerClient.BasicCredentials(lab.Connection.Username, "")),
            ("a wrong user", BrokerClient.BasicCredentials(lab.Connection.Username + "x", lab.Connection.Password)),
            ("the scheme Bearer", "Bearer " + lab.Connection.Password),
            ("a header that is not base64", "Basic ***"),
        ];
}
