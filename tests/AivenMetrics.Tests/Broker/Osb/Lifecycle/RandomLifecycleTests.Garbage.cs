using System.Text;
using CsCheck;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

public abstract partial class RandomLifecycleTests
{
    private static readonly string[] Names =
    [
        "service_id",
        "plan_id",
        "organization_guid",
        "space_guid",
        "context",
        "parameters",
        "bind_resource",
        "app_guid",
        "services",
        "expires_in",
        "predecessor_binding_id",
        "maintenance_info",
        "version",
        "previous_values",
        "platform",
        "namespace",
        "clusterid",
        "instance_name",
        "organization_annotations",
        "é\\ud83d\\ude00",
        "",
        "__proto__",
    ];

    private static readonly string[] Scalars =
    [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1e400",
        "9999999999999999999999",
        "\"\"",
        "\"a\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"12h\"",
        "\"0h\"",
        "\"99999d\"",
        "\"pg-1\"",
        "\"kubernetes\"",
        "\"cloudfoundry\"",
        "\"org-1\"",
        "\"space-1\"",
        $"\"{BrokerHost.OfferingId}\"",
        $"\"{BrokerHost.SpacePlan}\"",
        $"\"{BrokerHost.ServicesPlan}\"",
        $"\"{new string('x', 300)}\"",
        "[]",
        "{}",
        "[[[]]]",
    ];

    private static readonly string[] Segments =
    [
        "v2",
        "catalog",
        "service_instances",
        "service_bindings",
        "last_operation",
        "i",
        "b",
        "%2F",
        "%25",
        "%E9",
        "+",
        ".",
        "%",
        "x;y",
        "é",
    ];

    private static readonly Gen<string> AnyJson = Gen.Recursive<string>(
        (depth, inner) =>
            depth > 3
                ? One(Scalars)
                : Gen.Frequency(
                    (3, One(Scalars)),
                    (
                        3,
                        Gen.Select(One(Names), inner, (name, value) => $"\"{name}\":{value}")
                            .Array[0, 6]
                            .Select(members => $"{{{string.Join(',', members)}}}")
                    ),
                    (1, inner.Array[0, 3].Select(items => $"[{string.Join(',', items)}]"))
                )
    );

    private static readonly Gen<string> AnyObject = Gen.Select(One(Names), AnyJson, (name, value) => $"\"{name}\":{value}")
        .Array[0, 8]
        .Select(members => $"{{{string.Join(',', members)}}}");

    // Half of the paths exist, so that more requests pass the routing.
    private static readonly Gen<string> AnyPath = Gen.OneOf(
        One(
            "/v2/catalog",
            "/v2/service_instances/i",
            "/v2/service_instances/i/last_operation",
            "/v2/service_instances/i/service_bindings/b",
            "/v2/service_instances/i/service_bindings/b/last_operation"
        ),
        One(Segments).Array[1, 6].Select(segments => "/v2/" + string.Join('/', segments))
    );

    private static readonly Gen<string> AnyQuery = Gen.Select(
            One("service_id", "plan_id", "accepts_incomplete", "operation", "x"),
            One("", "true", "false", "a%2", "%00", BrokerHost.OfferingId, BrokerHost.SpacePlan, BrokerHost.ServicesPlan),
            (name, value) => $"{name}={value}"
        )
        .Array[0, 4]
        .Select(parts => string.Join('&', parts));

    private static readonly Gen<(string Method, string Path, string Query, string Body)[]> AnyGarbage = Gen.Select(
        One("GET", "PUT", "PUT", "PUT", "PATCH", "DELETE", "POST"),
        AnyPath,
        AnyQuery,
        Gen.Frequency((5, AnyObject), (1, AnyJson)),
        (method, path, query, body) => (method, path, query, body)
    ).Array[1, 20];

    [Fact]
    public async Task Garbage_is_4xx_and_never_5xx()
    {
        var client = new LifecycleClient(_broker, new LifecycleIds(), _invariants);
        await SampleAsync(
            AnyGarbage,
            100,
            async requests =>
            {
                foreach (var (method, path, query, body) in requests)
                {
                    using var request = new HttpRequestMessage(new HttpMethod(method), $"{path}?{query}");
                    if (method is not "GET" and not "DELETE")
                    {
                        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
                    }
                    request.Headers.Add("X-Broker-API-Version", "2.17");
                    await client.SendAsync(
                        request,
                        method switch
                        {
                            "PATCH" => Verb.Update,
                            "DELETE" => Verb.Deprovision,
                            _ => null,
                        }
                    );
                }

                NoPasswordIsLogged();
            },
            requests => string.Join('\n', requests)
        );
    }

    private static Gen<string> One(params string[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);
}
