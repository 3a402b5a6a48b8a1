using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Authentication (requirements 1 to 4).</summary>
internal static class AuthenticationChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("1", "Every endpoint rejects wrong credentials with 401", async context =>
        {
            foreach (var call in CallsOfAllEndpoints(context))
            {
                foreach ((var what, var value) in WrongCredentials(context))
                {
                    context.Expect(await context.SendAsync(call.WithHeader("Authorization", value)), $"{call.Endpoint} with {what}", 401);
                }
            }
        }),
        new("1", "The authentication scheme is case-insensitive", async context =>
        {
            var basic = BrokerClient.BasicCredentials(context.Connection.Username, context.Connection.Password);
            context.Expect(
                await context.SendAsync(OsbCalls.Catalog().WithHeader("Authorization", "bAsIc" + basic[5..])),
                "the scheme bAsIc",
                200
            );
        }),
        new("3", "A provision without authentication creates nothing", async context =>
        {
            var instance = context.NewInstanceId();
            await context.SendAsync(OsbCalls.Provision(instance, context.ProvisionBody()).WithHeader("Authorization", null));
            await context.ExpectNoInstanceAsync(instance, "an instance of a provision without credentials");
        }),
        new("3", "A delete without authentication deletes nothing", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            await context.SendAsync(OsbCalls.Deprovision(instance, context.Plan.Ids).WithHeader("Authorization", null));
            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Deprovision(instance, context.Plan.Ids)),
                "the delete with credentials after one without",
                200
            );
        }),
    ];

    private static IEnumerable<OsbCall> CallsOfAllEndpoints(ConformanceContext context)
    {
        (var instance, var binding) = (context.NewInstanceId(), Guid.NewGuid().ToString());
        context.Track(instance, binding);
        return
        [
            OsbCalls.Catalog(),
            OsbCalls.Provision(instance, context.ProvisionBody()),
            OsbCalls.FetchInstance(instance),
            OsbCalls.Update(instance, context.UpdateBody()),
            OsbCalls.LastOperation(instance, null),
            OsbCalls.Deprovision(instance, context.Plan.Ids),
            context.BindCall(instance, binding),
            OsbCalls.FetchBinding(instance, binding),
            OsbCalls.LastOperation(instance, binding),
            OsbCalls.Unbind(instance, binding, context.Plan.Ids),
        ];
    }

    private static IEnumerable<(string What, string? Value)> WrongCredentials(ConformanceContext context) =>
        [
            ("no credentials", null),
            ("a wrong password", BrokerClient.BasicCredentials(context.Connection.Username, context.Connection.Password + "x")),
            ("an empty password", BrokerClient.BasicCredentials(context.Connection.Username, "")),
            ("a wrong user", BrokerClient.BasicCredentials(context.Connection.Username + "x", context.Connection.Password)),
            ("the scheme Bearer", "Bearer " + context.Connection.Password),
            ("a header that is not base64", "Basic ***"),
        ];
}
