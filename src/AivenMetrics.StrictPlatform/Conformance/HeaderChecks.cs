using System.Text;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>The headers of requests (requirements 5 to 10).</summary>
internal static class HeaderChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("5", "A request without a version is 400, 412 or served", async context =>
            context.Expect(
                await context.SendAsync(OsbCalls.Catalog().WithHeader(BrokerClient.VersionHeader, null)),
                "no version",
                200,
                400,
                412
            )
        ),
        new("6", "A request with another major version is 412 with a description, or served", async context =>
        {
            foreach (var version in (string[])["1.0", "3.0", "two", "2", "2.x", "-2.17", "2.17.1", "2.-17"])
            {
                var response = await context.SendAsync(OsbCalls.Catalog().WithHeader(BrokerClient.VersionHeader, version));
                if (
                    context.Expect(response, $"version {version}", 200, 400, 412)
                    && response.Status != 200
                    && JsonMembers.Text(response.BodyObject, "description") is null
                )
                {
                    context.ReportViolation($"version {version}: rejected without a description");
                }
            }
        }),
        new("7", "Newer minor versions are served, as is 2.15, which Cloud Controller sends", async context =>
        {
            foreach (var version in (string[])["2.15", "2.16", "2.17", "2.18", "2.99", "2.100", "2.4294967313", "2.99999999999999999999"])
            {
                context.Expect(
                    await context.SendAsync(OsbCalls.Catalog().WithHeader(BrokerClient.VersionHeader, version)),
                    $"version {version}",
                    200
                );
            }
        }),
        new("8", "The request identity is returned in successful and failed responses, whatever its value", async context =>
        {
            foreach (var identity in (string[])["e26cee84-6b38-4456-b34e-d1a9f002c956", "not a guid", "x", new string('y', 200)])
            {
                foreach (
                    var call in (OsbCall[])
                        [
                            OsbCalls.Catalog(),
                            OsbCalls.Catalog().WithHeader("Authorization", null),
                            OsbCalls.FetchInstance("unknown"),
                            OsbCalls.Deprovision("unknown", context.Plan.Ids),
                            OsbCalls.Catalog().WithHeader(BrokerClient.VersionHeader, "1.0"),
                        ]
                )
                {
                    var response = await context.SendAsync(call.WithHeader(BrokerClient.RequestIdentityHeader, identity));
                    if (response.Header(BrokerClient.RequestIdentityHeader) != identity)
                    {
                        context.ReportViolation($"{response.Location}: '{identity[..Math.Min(identity.Length, 20)]}' is not returned");
                    }
                }
            }
        }),
        new("8", "A request without identity is served", async context =>
            context.Expect(
                await context.SendAsync(OsbCalls.Catalog().WithHeader(BrokerClient.RequestIdentityHeader, null)),
                "no request identity",
                200
            )
        ),
        new("9", "An originating identity is optional; a malformed one is 400 or ignored", async context =>
        {
            string[] malformed =
            [
                "",
                "cloudfoundry",
                "cloudfoundry ***",
                "cloudfoundry " + Base64("not json"),
                "cloudfoundry " + Base64("[1]"),
                "cloudfoundry " + Base64("null"),
                "a b c",
                "cloudfoundry " + Base64("{\"user_id\":\"\\ud800\"}"),
            ];
            foreach (var identity in malformed)
            {
                var instance = context.NewInstanceId();
                var response = await context.SendToCompletionAsync(
                    OsbCalls.Provision(instance, context.ProvisionBody()).WithHeader(BrokerClient.OriginatingIdentityHeader, identity)
                );
                context.Expect(response, $"the identity '{identity}'", 201, 400);
                if (response.Status == 400)
                {
                    await context.ExpectNoInstanceAsync(instance, "a provision with a malformed identity");
                }
            }

            context.Expect(
                await context.SendToCompletionAsync(
                    OsbCalls
                        .Provision(context.NewInstanceId(), context.ProvisionBody())
                        .WithHeader(BrokerClient.OriginatingIdentityHeader, null)
                ),
                "no identity",
                201
            );
        }),
        new("10", "A repeated request by another user is the same request", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            var replay = OsbCalls
                .Provision(instance, context.ProvisionBody())
                .WithHeader(BrokerClient.OriginatingIdentityHeader, "cloudfoundry " + Base64("{\"user_id\":\"somebody else\"}"));
            context.Expect(await context.SendAsync(replay), "the replay by another user", 200);
        }),
    ];

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
