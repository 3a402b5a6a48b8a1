using Xunit;

namespace AivenMetrics.Tests.Broker.Api;

/// <summary>
/// Compares openapi.yaml with the official document of OSB 2.17 (openapi.yaml of openservicebrokerapi/servicebroker, as of November 2026).
/// Nothing is missing or stricter, and every difference has a reason here.
/// </summary>
public sealed class OfficialApiTests
{
    private const string Instance = "/v2/service_instances/{instance_id}";
    private const string Binding = Instance + "/service_bindings/{binding_id}";

    // Operation | parameters, ! = required | members of the body, ! = required | statuses. Version = X-Broker-API-Version, User =
    // X-Broker-API-Originating-Identity.
    private const string Official = """
        GET catalog      | Version!                                                                         |                                                                                    | 200
        PUT instance     | Version! User instance_id! accepts_incomplete                                     | service_id! plan_id! organization_guid! space_guid! context parameters               | 200 201 202 400 401 409 422
        PATCH instance   | Version! User instance_id! accepts_incomplete                                     | service_id! plan_id context parameters previous_values                               | 200 202 400 401 422
        DELETE instance  | Version! User instance_id! service_id! plan_id! accepts_incomplete                |                                                                                    | 200 202 400 401 410 422
        GET instance     | Version! User instance_id! service_id plan_id                                     |                                                                                    | 200 404
        GET instance-op  | Version! instance_id! service_id plan_id operation                                |                                                                                    | 200 400 401 404 410
        GET binding-op   | Version! instance_id! binding_id! service_id plan_id operation                    |                                                                                    | 200 400 401 404 410
        PUT binding      | Version! User instance_id! binding_id! accepts_incomplete                         | service_id! plan_id! context app_guid bind_resource parameters predecessor_binding_id | 200 201 202 400 401 409 422
        DELETE binding   | Version! User instance_id! binding_id! service_id! plan_id! accepts_incomplete    |                                                                                    | 200 202 400 401 410 422
        GET binding      | Version! User instance_id! binding_id! service_id plan_id                         |                                                                                    | 200 404
        """;

    /// <summary>Statuses of the official document that this broker never returns.</summary>
    private static readonly Dictionary<(string Operation, int Status), string> NeverAnswered = new()
    {
        [("PUT instance", 202)] = "An instance is a row: it is provisioned at once.",
        [("PATCH instance", 202)] = "An instance is updated at once.",
        [("DELETE instance", 202)] = "An instance is deleted at once.",
        [("DELETE instance", 422)] = "It needs no asynchrony and waits for nothing, so it has no case for the four words.",
        [("GET instance-op", 410)] = "410 is for asynchronous deletes only (51); there are none.",
        [("GET binding-op", 410)] = "410 is for asynchronous deletes only (51); there are none.",
        [("DELETE binding", 202)] = "A binding is deleted at once.",
        [("DELETE binding", 422)] = "It needs no asynchrony and also ends a bind that runs (119), so it has no case for the four words.",
    };

    /// <summary>Statuses that only this broker documents. Each is defined in the specification or in HTTP.</summary>
    private static readonly Dictionary<int, string> Additional = new()
    {
        [304] = "Conditional reads of the catalog (35).",
        [400] = "Any malformed request (14), where the official document forgets it.",
        [401] = "Any request (1), where the official document forgets it.",
        [404] = "An unknown instance on bind and update, for which the specification has no status (88, 102).",
        [412] = "The version header (6).",
        [413] = "A body beyond 1 MiB.",
        [429] = "Too many unknown credentials at once.",
        [500] = "A fault of ours.",
        [503] = "The database is unreachable.",
    };

    public static TheoryData<string, string, string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string, string, string>();
            foreach (var cells in Official.Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries)))
            {
                rows.Add(cells[0], cells[1], cells[2], cells[3]);
            }
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Osb_15_every_operation_has_the_official_parameters_members_and_statuses(
        string name,
        string parameters,
        string members,
        string statuses
    )
    {
        var operation = OpenApiYaml.Committed.Operations[Path(name)];

        Assert.Equal([], Words(parameters).Except(Parameters(operation)));
        Assert.Equal([], Words(members).Except(Members(operation)));
        Assert.Equal([], Members(operation).Where(member => member.EndsWith('!')).Except(Words(members)));
        var (official, ours) = (Words(statuses).Select(int.Parse).ToList(), Statuses(operation));
        Assert.Equal(
            NeverAnswered.Keys.Where(key => key.Operation == name).Select(key => key.Status).Order(),
            official.Except(ours).Order()
        );
        Assert.All(ours.Except(official), status => Assert.Contains(status, Additional.Keys));
    }

    [Fact]
    public void Osb_15_there_are_no_other_operations_below_v2()
    {
        var official = Official.Split('\n').Select(line => Path(line.Split('|')[0].Trim()));

        Assert.Equal(
            official.Order(),
            OpenApiYaml.Committed.Operations.Keys.Where(key => key.Contains(" /v2/", StringComparison.Ordinal)).Order()
        );
    }

    [Fact]
    public void No_parameter_is_required_that_the_official_document_leaves_free()
    {
        foreach (var line in Official.Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries)))
        {
            Assert.Equal(
                [],
                Parameters(OpenApiYaml.Committed.Operations[Path(line[0])]).Where(name => name.EndsWith('!')).Except(Words(line[1]))
            );
        }
    }

    private static string Path(string name) =>
        name.Replace("instance-op", Instance + "/last_operation", StringComparison.Ordinal)
            .Replace("binding-op", Binding + "/last_operation", StringComparison.Ordinal)
            .Replace(" instance", " " + Instance, StringComparison.Ordinal)
            .Replace(" binding", " " + Binding, StringComparison.Ordinal)
            .Replace(" catalog", " /v2/catalog", StringComparison.Ordinal);

    private static string[] Words(string cell) => cell.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Names, with <c>!</c> if required.</summary>
    private static List<string> Parameters(Dictionary<object, object?> operation) =>
        [
            .. OpenApiYaml
                .List(operation["parameters"])
                .Select(OpenApiYaml.Map)
                .Select(parameter => Short($"{parameter["name"]}") + (parameter.GetValueOrDefault("required") is "true" ? "!" : "")),
        ];

    private static string Short(string name) =>
        name switch
        {
            "X-Broker-API-Version" => "Version",
            "X-Broker-API-Originating-Identity" => "User",
            _ => name,
        };

    private static List<string> Members(Dictionary<object, object?> operation)
    {
        var schema = OpenApiYaml.Committed.Resolve(OpenApiYaml.At(operation, "requestBody", "content", "application/json", "schema"));
        var required = OpenApiYaml.List(schema.GetValueOrDefault("required"));
        return
        [
            .. OpenApiYaml.Map(schema.GetValueOrDefault("properties")).Keys.Select(name => $"{name}{(required.Contains(name) ? "!" : "")}"),
        ];
    }

    private static List<int> Statuses(Dictionary<object, object?> operation) =>
        [.. OpenApiYaml.Map(operation["responses"]).Keys.Select(status => int.Parse($"{status}", null))];
}
