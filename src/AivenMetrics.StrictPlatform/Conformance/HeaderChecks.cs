using System.Text;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>The headers of every request (5 to 10).</summary>
internal static class HeaderChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("5", "A request without a version is answered 400 or 412, or served", async lab =>
            lab.Expect(await lab.SendAsync(OsbCalls.Catalog().WithHeader(BrokerClient.VersionHeader, null)), "no version", 200, 400, 412)
        ),
        new("6", "A version of another major is answered 412 with a message, or served", async lab =>
        {
            foreach (var version in (string[])["1.0", "3.0", "two", "2", "2.x", "-2.17", "2.17.1", "2.-17"])
            {
                var answer = await lab.SendAsync(OsbCalls.Catalog().WithHeader(BrokerClient.VersionHeader, version));
                if (
                    lab.Expect(answer, $"version {version}", 200, 400, 412)
                    && answer.Status != 200
                    && JsonMembers.Text(answer.BodyObject, "description") is null
                )
                {
                    lab.ReportViolation($"version {version}: refused without a description");
                }
            }
        }),
        new("7", "Newer minor versions are served, and 2.15 as Cloud Controller sends it", async lab =>
        {
            foreach (var version in (string[])["2.15", "2.16", "2.17", "2.18", "2.99", "2.100", "2.4294967313", "2.99999999999999999999"])
            {
                lab.Expect(
                    await lab.SendAsync(OsbCalls.Catalog().WithHeader(BrokerClient.VersionHeader, version)),
                    $"version {version}",
                    200
                );
            }
        }),
        new("8", "The request identity comes back with success and refusal alike, whatever it is", async lab =>
        {
            foreach (var identity in (string[])["e26cee84-6b38-4456-b34e-d1a9f002c956", "not a guid", "x", new string('y', 200)])
            {
                foreach (
                    var ask in (OsbCall[])
                        [
                            OsbCalls.Catalog(),
                            OsbCalls.Catalog().WithHeader("Authorization", null),
                            OsbCalls.FetchInstance("unknown"),
                            OsbCalls.Deprovision("unknown", lab.Plan.Ids),
                            OsbCalls.Catalog().WithHeader(BrokerClient.VersionHeader, "1.0"),
                        ]
                )
                {
                    var answer = await lab.SendAsync(ask.WithHeader(BrokerClient.RequestIdentityHeader, identity));
                    if (answer.Header(BrokerClient.RequestIdentityHeader) != identity)
                    {
                        lab.ReportViolation($"{answer.Location}: '{identity[..Math.Min(identity.Length, 20)]}' does not come back");
                    }
                }
            }
        }),
        new("8", "A request without identity is served", async lab =>
            lab.Expect(
                await lab.SendAsync(OsbCalls.Catalog().WithHeader(BrokerClient.RequestIdentityHeader, null)),
                "no request identity",
                200
            )
        ),
        new("9", "An originating identity is optional, and a malformed one is refused with 400 or ignored", async lab =>
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
                var instance = lab.NewInstanceId();
                var answer = await lab.SendToCompletionAsync(
                    OsbCalls.Provision(instance, lab.ProvisionBody()).WithHeader(BrokerClient.OriginatingIdentityHeader, identity)
                );
                lab.Expect(answer, $"the identity '{identity}'", 201, 400);
                if (answer.Status == 400)
                {
                    await lab.ExpectNoInstanceAsync(instance, "an instance whose provision was refused for its identity");
                }
            }

            lab.Expect(
                await lab.SendToCompletionAsync(
                    OsbCalls.Provision(lab.NewInstanceId(), lab.ProvisionBody()).WithHeader(BrokerClient.OriginatingIdentityHeader, null)
                ),
                "no identity",
                201
            );
        }),
        new("10", "A replay by another user is the same request", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            var replay = OsbCalls
                .Provision(instance, lab.ProvisionBody())
                .WithHeader(BrokerClient.OriginatingIdentityHeader, "cloudfoundry " + Base64("{\"user_id\":\"somebody else\"}"));
            lab.Expect(await lab.SendAsync(replay), "the replay by another user", 200);
        }),
    ];

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
