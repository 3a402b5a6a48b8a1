using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Who may ask at all (1 to 4).</summary>
internal static class AuthenticationChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("1", "Every endpoint refuses wrong credentials with 401", async lab =>
        {
            foreach (Ask ask in EveryEndpoint(lab))
            {
                foreach ((string what, string? value) in Wrong(lab))
                    lab.Expect(await lab.Send(ask.With("Authorization", value)), $"{ask.Endpoint} with {what}", 401);
            }
        }),
        new("1", "The scheme of the authentication is compared without case", async lab =>
        {
            string basic = BrokerClient.Basic(lab.Connection.Username, lab.Connection.Password);
            lab.Expect(await lab.Send(Asks.Catalog().With("Authorization", "bAsIc" + basic[5..])), "the scheme bAsIc", 200);
        }),
        new("3", "A provision that is not authenticated makes nothing", async lab =>
        {
            string instance = lab.NewInstance();
            await lab.Send(Asks.Provision(instance, lab.ProvisionBody()).With("Authorization", null));
            await lab.ExpectNoInstance(instance, "an instance of a provision without credentials");
        }),
        new("3", "A delete that is not authenticated deletes nothing", async lab =>
        {
            string instance = await lab.Instance();
            await lab.Send(Asks.Deprovision(instance, lab.Plan.Ids).With("Authorization", null));
            lab.Expect(await lab.Finished(Asks.Deprovision(instance, lab.Plan.Ids)), "the delete with credentials after one without", 200);
        }),
    ];

    private static IEnumerable<Ask> EveryEndpoint(Lab lab)
    {
        (string instance, string binding) = (lab.NewInstance(), Guid.NewGuid().ToString());
        lab.Remember(instance, binding);
        return
        [
            Asks.Catalog(), Asks.Provision(instance, lab.ProvisionBody()), Asks.FetchInstance(instance), Asks.Update(instance, lab.UpdateBody()),
            Asks.LastOperation(instance, null), Asks.Deprovision(instance, lab.Plan.Ids), lab.Bind(instance, binding), Asks.FetchBinding(instance, binding),
            Asks.LastOperation(instance, binding), Asks.Unbind(instance, binding, lab.Plan.Ids),
        ];
    }

    private static IEnumerable<(string What, string? Value)> Wrong(Lab lab) =>
    [
        ("no credentials", null),
        ("a wrong password", BrokerClient.Basic(lab.Connection.Username, lab.Connection.Password + "x")),
        ("an empty password", BrokerClient.Basic(lab.Connection.Username, "")),
        ("a wrong user", BrokerClient.Basic(lab.Connection.Username + "x", lab.Connection.Password)),
        ("the scheme Bearer", "Bearer " + lab.Connection.Password),
        ("a header that is not base64", "Basic ***"),
    ];
}
