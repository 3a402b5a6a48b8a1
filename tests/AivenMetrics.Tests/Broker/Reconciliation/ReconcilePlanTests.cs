using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

/// <summary>Table test of the plan: a state in words, the resulting steps and the condition of the service.</summary>
public sealed class ReconcilePlanTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static readonly Dictionary<string, (Action<PlanScenario> Given, string Steps, string Reason, bool Scraped)> Table = new()
    {
        // Creating
        ["a bound service without an integration gets one"] = (_ => { }, "CreateIntegration", ConditionReasons.IntegrationRequested, false),
        ["a service that no binding covers is left alone"] = (s => s.Bindings = [], "", ConditionReasons.NotNeeded, false),
        ["a binding of another space does not count"] = (
            s => s.Bindings = [ReconciliationData.SpaceBinding(owner: new("org-1", "space-2"))],
            "",
            ConditionReasons.NotNeeded,
            false
        ),
        ["a binding of an equal space id in another organization does not count"] = (
            s => s.Bindings = [ReconciliationData.SpaceBinding(owner: new("org-2", "space-1"))],
            "",
            ConditionReasons.NotNeeded,
            false
        ),
        ["a service named by a binding gets an integration"] = (
            s => s.Bindings = [ReconciliationData.ServicesBinding("guid-pg-1")],
            "CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["a service of the space that the binding does not name is left alone"] = (
            s => s.Bindings = [ReconciliationData.ServicesBinding("guid-other")],
            "",
            ConditionReasons.NotNeeded,
            false
        ),
        ["a service without tags is nobody's"] = (
            s => s.Services = [ReconciliationData.Service(tagged: false)],
            "",
            ConditionReasons.NotNeeded,
            false
        ),
        ["a service without tags is integrated when the operator wants all"] = (
            s => (s.Services, s.Bindings, s.Options.Mode) = ([ReconciliationData.Service(tagged: false)], [], AivenMode.AllEligible),
            "CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["a service that is being built may have its integration already"] = (
            s => s.Services = [ReconciliationData.Service(state: "REBUILDING")],
            "CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["a placeholder row is no integration"] = (
            s => s.Services = [ReconciliationData.Service(integrations: ReconciliationData.Integration(id: null))],
            "CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),

        // Reasons for no integration
        ["a powered-off service is not asked for"] = (
            s => s.Services = [ReconciliationData.Service(state: "POWEROFF")],
            "",
            ConditionReasons.PoweredOff,
            false
        ),
        ["a type that Aiven does not list is not asked for"] = (
            s => s.Services = [ReconciliationData.Service(type: "influxdb")],
            "",
            ConditionReasons.TypeNotEligible,
            false
        ),
        ["the type is the better answer for an ineligible service that nobody needs"] = (
            s => (s.Services, s.Bindings) = ([ReconciliationData.Service(type: "influxdb")], []),
            "",
            ConditionReasons.TypeNotEligible,
            false
        ),
        ["an integration to somebody else's endpoint is not touched"] = (
            s => s.Services = [ReconciliationData.Service(integrations: ReconciliationData.Integration(endpoint: "theirs"))],
            "",
            ConditionReasons.IntegratedElsewhere,
            false
        ),
        ["an integration that was turned off is not touched"] = (
            s =>
                (s.Services, s.Rows) = (
                    [ReconciliationData.Service(integrations: ReconciliationData.Integration(enabled: false, active: false))],
                    [ReconciliationData.Row()]
                ),
            "",
            ConditionReasons.IntegrationDisabled,
            false
        ),

        // Integrated
        ["an active integration delivers"] = (s => Integrated(s), "", ConditionReasons.Integrated, true),
        ["an integration that is not active yet is scraped already"] = (
            s => Integrated(s, active: false),
            "",
            ConditionReasons.WaitingForMetrics,
            true
        ),
        ["an integration that was just created may not be listed yet"] = (
            s => s.Rows = [ReconciliationData.Row(age: TimeSpan.FromSeconds(5))],
            "",
            ConditionReasons.WaitingForMetrics,
            true
        ),
        ["power off drops the targets and keeps the integration"] = (
            s => Integrated(s, "POWEROFF", active: false),
            "",
            ConditionReasons.PoweredOff,
            false
        ),
        ["rebalancing is healthy"] = (s => Integrated(s, "REBALANCING"), "", ConditionReasons.Integrated, true),
        ["rebuilding keeps the targets"] = (s => Integrated(s, "REBUILDING", active: false), "", ConditionReasons.Building, true),
        ["a type that Aiven no longer lists keeps its integration"] = (
            s =>
            {
                Integrated(s);
                s.EligibleTypes.Clear();
            },
            "",
            ConditionReasons.Integrated,
            true
        ),

        // Ownership of the integration
        ["an integration to our endpoint without a row was there before us"] = (
            s => s.Services = [ReconciliationData.Service(integrations: ReconciliationData.Integration())],
            "AdoptIntegration(theirs)",
            ConditionReasons.Integrated,
            true
        ),
        ["an integration that nobody needs is not even noted"] = (
            s => (s.Services, s.Bindings) = ([ReconciliationData.Service(integrations: ReconciliationData.Integration())], []),
            "",
            ConditionReasons.NotNeeded,
            false
        ),
        ["an integration seen after a crash between row and answer is ours"] = (
            s =>
                (s.Services, s.Rows) = (
                    [ReconciliationData.Service(integrations: ReconciliationData.Integration())],
                    [ReconciliationData.Row(id: null)]
                ),
            "AdoptIntegration(ours)",
            ConditionReasons.Integrated,
            true
        ),
        ["an integration seen after an attempt that Aiven refused is not ours"] = (
            s =>
                (s.Services, s.Rows) = (
                    [ReconciliationData.Service(integrations: ReconciliationData.Integration())],
                    [ReconciliationData.Row(id: null, ours: false, attempts: 1)]
                ),
            "AdoptIntegration(theirs)",
            ConditionReasons.Integrated,
            true
        ),
        ["an integration that replaced ours is not ours"] = (
            s =>
                (s.Services, s.Rows) = (
                    [ReconciliationData.Service(integrations: ReconciliationData.Integration("i2"))],
                    [ReconciliationData.Row("i1")]
                ),
            "AdoptIntegration(theirs)",
            ConditionReasons.Integrated,
            true
        ),
        ["a row without an answer is asked for again"] = (
            s => s.Rows = [ReconciliationData.Row(id: null)],
            "CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),

        // Failures and backoff
        ["what failed in this cycle is not repeated in it"] = (
            s => s.Problems["pg-1"] = Condition.AivenUnavailable("pg-1", 1),
            "",
            ConditionReasons.AivenUnavailable,
            false
        ),
        ["a failed attempt waits for its time"] = (
            s => Failed(s, ConditionReasons.AivenUnavailable, dueIn: Minute),
            "",
            ConditionReasons.AivenUnavailable,
            false
        ),
        ["a failed attempt is repeated when its time has come"] = (
            s => Failed(s, ConditionReasons.AivenUnavailable, dueIn: -Minute),
            "CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["a plan without integrations is not asked for again and again"] = (
            s => Failed(s, ConditionReasons.PlanWithoutIntegrations, dueIn: Minute),
            "",
            ConditionReasons.PlanWithoutIntegrations,
            false
        ),
        ["a plan without integrations is asked for after a long time"] = (
            s => Failed(s, ConditionReasons.PlanWithoutIntegrations, dueIn: -Minute),
            "CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["a new plan is tried at once"] = (
            s =>
            {
                Failed(s, ConditionReasons.PlanWithoutIntegrations, dueIn: Minute);
                s.Services = [ReconciliationData.Service(plan: "business-4")];
            },
            "CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["a refusal waits for its time"] = (
            s => Failed(s, ConditionReasons.AivenRefused, dueIn: Minute),
            "",
            ConditionReasons.AivenRefused,
            false
        ),
        ["a backoff whose reason got lost in a crash is not sat out"] = (
            s => Failed(s, ConditionReasons.IntegrationRequested, dueIn: Minute),
            "CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),

        // No longer needed
        ["an integration that nobody needs any more starts its grace period and keeps its targets"] = (
            s =>
            {
                Integrated(s);
                s.Bindings = [];
            },
            "MarkUnneeded",
            ConditionReasons.Integrated,
            true
        ),
        ["one of two bindings still needs it"] = (
            s =>
            {
                Integrated(s);
                s.Bindings = [ReconciliationData.ServicesBinding("guid-pg-1")];
            },
            "",
            ConditionReasons.Integrated,
            true
        ),
        ["in the grace period it stays"] = (s => Unneeded(s, TimeSpan.FromMinutes(9)), "", ConditionReasons.Integrated, true),
        ["needed again in the grace period, it is as before"] = (
            s =>
            {
                Unneeded(s, TimeSpan.FromMinutes(9));
                s.Bindings = [ReconciliationData.SpaceBinding()];
            },
            "MarkNeeded",
            ConditionReasons.Integrated,
            true
        ),
        ["after the grace period ours is deleted"] = (
            s => Unneeded(s, TimeSpan.FromMinutes(10)),
            "DeleteIntegration",
            ConditionReasons.NotNeeded,
            false
        ),
        ["after the grace period theirs is only forgotten"] = (
            s => Unneeded(s, TimeSpan.FromMinutes(10), ours: false),
            "ForgetIntegration",
            ConditionReasons.NotNeeded,
            false
        ),
        ["a delete that failed waits for its time"] = (
            s =>
            {
                Unneeded(s, TimeSpan.FromMinutes(10));
                s.Rows = [s.Rows[0] with { DueAt = ReconciliationData.Now + Minute }];
            },
            "",
            ConditionReasons.NotNeeded,
            false
        ),
        ["an attempt that never bore fruit is forgotten after the grace period"] = (
            s =>
                (s.Bindings, s.Rows, s.Endpoints) = (
                    [],
                    [ReconciliationData.Row(id: null, unneededFor: TimeSpan.FromMinutes(11))],
                    [ReconciliationData.Endpoint()]
                ),
            "ForgetIntegration",
            ConditionReasons.NotNeeded,
            false
        ),
        ["the mode that integrates all needs all"] = (
            s =>
            {
                Integrated(s);
                s.Bindings = [];
                s.Options.Mode = AivenMode.AllEligible;
            },
            "",
            ConditionReasons.Integrated,
            true
        ),

        // Missing at Aiven
        ["when an integration vanished, the endpoint is looked at first"] = (
            s => s.Rows = [ReconciliationData.Row()],
            "ListEndpoints",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["an integration that vanished is forgotten, and then asked for anew"] = (
            s => (s.Rows, s.Endpoints) = ([ReconciliationData.Row()], [ReconciliationData.Endpoint()]),
            "ForgetIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["a service that is gone takes its row with it"] = (
            s => s.Rows = [ReconciliationData.Row("i9", service: "gone")],
            "ForgetService CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),

        // Project
        ["credentials are stored before anything else"] = (
            s => s.Record = null,
            "StoreEndpointCredentials",
            ConditionReasons.AivenUnavailable,
            false
        ),
        ["then the CA is read"] = (
            s => s.Record = s.Record! with { CaCertificate = null, EndpointId = null },
            "FetchCa",
            ConditionReasons.AivenUnavailable,
            false
        ),
        ["then the endpoints are looked at"] = (
            s => s.Record = s.Record! with { EndpointId = null },
            "ListEndpoints",
            ConditionReasons.AivenUnavailable,
            false
        ),
        ["then the endpoint is made"] = (
            s =>
            {
                s.Record = s.Record! with { EndpointId = null };
                s.Endpoints = [ReconciliationData.Endpoint(name: "another")];
            },
            "CreateEndpoint",
            ConditionReasons.AivenUnavailable,
            false
        ),
        ["an endpoint of our name is adopted"] = (
            s =>
            {
                s.Record = s.Record! with { EndpointId = null };
                s.Endpoints = [ReconciliationData.Endpoint()];
            },
            "AdoptEndpoint",
            ConditionReasons.AivenUnavailable,
            false
        ),
        ["an endpoint of our name and another type is not ours"] = (
            s =>
            {
                s.Record = s.Record! with { EndpointId = null };
                s.Endpoints = [ReconciliationData.Endpoint() with { EndpointType = "datadog" }];
            },
            "CreateEndpoint",
            ConditionReasons.AivenUnavailable,
            false
        ),
        ["an endpoint that was recreated gets a new id"] = (
            s => s.Endpoints = [ReconciliationData.Endpoint("e2")],
            "ForgetEndpoint",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["an endpoint that was deleted is forgotten"] = (
            s => s.Endpoints = [],
            "ForgetEndpoint",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["an endpoint whose user was changed gets ours back"] = (
            s => s.Endpoints = [ReconciliationData.Endpoint(user: "somebody")],
            "AdoptEndpoint",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["a redacted user says nothing"] = (
            s => s.Endpoints = [ReconciliationData.Endpoint(user: "<redacted>")],
            "CreateIntegration",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["a doubt about the endpoint is settled first"] = (
            s => s.DoubtsEndpoint = true,
            "ListEndpoints",
            ConditionReasons.IntegrationRequested,
            false
        ),
        ["when the endpoint cannot be made, the services wait"] = (
            s =>
            {
                s.Record = s.Record! with { EndpointId = null };
                s.EndpointFailed = true;
            },
            "",
            ConditionReasons.AivenUnavailable,
            false
        ),
    };

    public static TheoryData<string> Sentences => [.. Table.Keys];

    [Theory]
    [MemberData(nameof(Sentences))]
    public void In_this_situation(string sentence)
    {
        var (given, steps, reason, scraped) = Table[sentence];
        var situation = new PlanScenario();
        given(situation);
        var plan = situation.Plan();
        var service = Assert.Single(plan.Services);
        Assert.Equal(
            (steps, reason, scraped),
            (string.Join(' ', plan.Steps.Select(Word)), service.Condition.Reason, service.Condition.IsScraped)
        );
        Assert.True(service.Condition.Message.Contains("pg-1", StringComparison.Ordinal) || service.Condition.Message == "as before");
    }

    [Fact]
    public void No_step_remains_in_the_desired_state()
    {
        var situation = new PlanScenario { Endpoints = [ReconciliationData.Endpoint()] };
        Integrated(situation);
        Assert.Empty(situation.Plan().Steps);
    }

    [Fact]
    public void Only_scraped_services_with_hosts_are_in_the_feed()
    {
        var situation = new PlanScenario();
        Integrated(situation);
        situation.Services = [situation.Services[0] with { ServiceUriParams = null }];
        var service = Assert.Single(situation.Plan().Services);
        Assert.False(service.ToRecord(ReconciliationData.Project).IsScraped);
    }

    [Fact]
    public void Tag_names_are_configurable()
    {
        var situation = new PlanScenario { Bindings = [ReconciliationData.SpaceBinding(owner: new("o", "s"))] };
        (situation.Options.Tags.OrganizationId, situation.Options.Tags.SpaceId, situation.Options.Tags.ServiceInstanceId) = (
            "org",
            "spc",
            "sid"
        );
        situation.Services =
        [
            ReconciliationData.Service() with
            {
                Tags = new Dictionary<string, string?>
                {
                    ["org"] = "o",
                    ["spc"] = "s",
                    ["sid"] = "x",
                },
            },
        ];
        var service = Assert.Single(situation.Plan().Services);
        Assert.Equal((new OwningSpace("o", "s"), "x", true), (service.Owner!.Value, service.ServiceInstanceId, service.IsNeeded));
    }

    private static void Integrated(PlanScenario s, string state = "RUNNING", bool active = true)
    {
        s.Services = [ReconciliationData.Service(state: state, integrations: ReconciliationData.Integration(active: active))];
        s.Rows = [ReconciliationData.Row()];
    }

    private static void Failed(PlanScenario s, string reason, TimeSpan dueIn)
    {
        s.Rows = [ReconciliationData.Row(id: null, ours: false, attempts: 1, dueIn: dueIn)];
        s.Previous = [ReconciliationData.Previous(reason)];
    }

    private static void Unneeded(PlanScenario s, TimeSpan span, bool ours = true)
    {
        Integrated(s);
        s.Bindings = [];
        s.Endpoints = [ReconciliationData.Endpoint()];
        s.Rows = [ReconciliationData.Row(ours: ours, unneededFor: span)];
    }

    private static string Word(Step step) =>
        step is AdoptIntegration adopt ? $"AdoptIntegration({(adopt.CreatedByUs ? "ours" : "theirs")})" : step.Kind;
}
