using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

/// <summary>The planner as a table: a situation in a sentence, the steps that follow, the condition of the service.</summary>
public sealed class ReconcilePlanTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static readonly Dictionary<string, (Action<Situation> Given, string Steps, string Reason, bool Scraped)> Table = new()
    {
        // ---- creating
        ["a bound service without an integration gets one"] =
            (_ => { }, "CreateIntegration", Reasons.IntegrationRequested, false),
        ["a service that no binding covers is left alone"] =
            (s => s.Bindings = [], "", Reasons.NotNeeded, false),
        ["a binding of another space does not count"] =
            (s => s.Bindings = [Some.SpaceBinding(owner: new("org-1", "space-2"))], "", Reasons.NotNeeded, false),
        ["a binding of an equal space id in another organization does not count"] =
            (s => s.Bindings = [Some.SpaceBinding(owner: new("org-2", "space-1"))], "", Reasons.NotNeeded, false),
        ["a service named by a binding gets an integration"] =
            (s => s.Bindings = [Some.ServicesBinding("guid-pg-1")], "CreateIntegration", Reasons.IntegrationRequested, false),
        ["a service of the space that the binding does not name is left alone"] =
            (s => s.Bindings = [Some.ServicesBinding("guid-other")], "", Reasons.NotNeeded, false),
        ["a service without tags is nobody's"] =
            (s => s.Services = [Some.Service(tagged: false)], "", Reasons.NotNeeded, false),
        ["a service without tags is integrated when the operator wants all"] =
            (s => (s.Services, s.Bindings, s.Options.Mode) = ([Some.Service(tagged: false)], [], AivenMode.AllEligible), "CreateIntegration", Reasons.IntegrationRequested, false),
        ["a service that is being built may have its integration already"] =
            (s => s.Services = [Some.Service(state: "REBUILDING")], "CreateIntegration", Reasons.IntegrationRequested, false),
        ["a placeholder row is no integration"] =
            (s => s.Services = [Some.Service(integrations: Some.Integration(id: null))], "CreateIntegration", Reasons.IntegrationRequested, false),

        // ---- reasons for having none
        ["a powered-off service is not asked for"] =
            (s => s.Services = [Some.Service(state: "POWEROFF")], "", Reasons.PoweredOff, false),
        ["a type that Aiven does not list is not asked for"] =
            (s => s.Services = [Some.Service(type: "influxdb")], "", Reasons.TypeNotEligible, false),
        ["the type is the better answer for an ineligible service that nobody needs"] =
            (s => (s.Services, s.Bindings) = ([Some.Service(type: "influxdb")], []), "", Reasons.TypeNotEligible, false),
        ["an integration to somebody else's endpoint is not touched"] =
            (s => s.Services = [Some.Service(integrations: Some.Integration(endpoint: "theirs"))], "", Reasons.IntegratedElsewhere, false),
        ["an integration that was turned off is not touched"] =
            (s => (s.Services, s.Rows) = ([Some.Service(integrations: Some.Integration(enabled: false, active: false))], [Some.Row()]), "", Reasons.IntegrationDisabled, false),

        // ---- integrated
        ["an active integration delivers"] =
            (s => Integrated(s), "", Reasons.Integrated, true),
        ["an integration that is not active yet is scraped already"] =
            (s => Integrated(s, active: false), "", Reasons.WaitingForMetrics, true),
        ["an integration that was just created may not be listed yet"] =
            (s => s.Rows = [Some.Row(age: TimeSpan.FromSeconds(5))], "", Reasons.WaitingForMetrics, true),
        ["power off drops the targets and keeps the integration"] =
            (s => Integrated(s, "POWEROFF", active: false), "", Reasons.PoweredOff, false),
        ["rebalancing is healthy"] =
            (s => Integrated(s, "REBALANCING"), "", Reasons.Integrated, true),
        ["rebuilding keeps the targets"] =
            (s => Integrated(s, "REBUILDING", active: false), "", Reasons.Building, true),
        ["a type that Aiven no longer lists keeps its integration"] =
            (s => { Integrated(s); s.EligibleTypes.Clear(); }, "", Reasons.Integrated, true),

        // ---- whose integration it is
        ["an integration to our endpoint without a row was there before us"] =
            (s => s.Services = [Some.Service(integrations: Some.Integration())], "AdoptIntegration(theirs)", Reasons.Integrated, true),
        ["an integration that nobody needs is not even noted"] =
            (s => (s.Services, s.Bindings) = ([Some.Service(integrations: Some.Integration())], []), "", Reasons.NotNeeded, false),
        ["an integration seen after a crash between row and answer is ours"] =
            (s => (s.Services, s.Rows) = ([Some.Service(integrations: Some.Integration())], [Some.Row(id: null)]), "AdoptIntegration(ours)", Reasons.Integrated, true),
        ["an integration seen after an attempt that Aiven refused is not ours"] =
            (s => (s.Services, s.Rows) = ([Some.Service(integrations: Some.Integration())], [Some.Row(id: null, ours: false, attempts: 1)]), "AdoptIntegration(theirs)", Reasons.Integrated, true),
        ["an integration that replaced ours is not ours"] =
            (s => (s.Services, s.Rows) = ([Some.Service(integrations: Some.Integration("i2"))], [Some.Row("i1")]), "AdoptIntegration(theirs)", Reasons.Integrated, true),
        ["a row without an answer is asked for again"] =
            (s => s.Rows = [Some.Row(id: null)], "CreateIntegration", Reasons.IntegrationRequested, false),

        // ---- failures and their backoff
        ["what failed in this cycle is not repeated in it"] =
            (s => s.Problems["pg-1"] = Condition.AivenUnavailable("pg-1", 1), "", Reasons.AivenUnavailable, false),
        ["a failed attempt waits for its time"] =
            (s => Failed(s, Reasons.AivenUnavailable, dueIn: Minute), "", Reasons.AivenUnavailable, false),
        ["a failed attempt is repeated when its time has come"] =
            (s => Failed(s, Reasons.AivenUnavailable, dueIn: -Minute), "CreateIntegration", Reasons.IntegrationRequested, false),
        ["a plan without integrations is not asked for again and again"] =
            (s => Failed(s, Reasons.PlanWithoutIntegrations, dueIn: Minute), "", Reasons.PlanWithoutIntegrations, false),
        ["a plan without integrations is asked for after a long time"] =
            (s => Failed(s, Reasons.PlanWithoutIntegrations, dueIn: -Minute), "CreateIntegration", Reasons.IntegrationRequested, false),
        ["a new plan is tried at once"] =
            (s => { Failed(s, Reasons.PlanWithoutIntegrations, dueIn: Minute); s.Services = [Some.Service(plan: "business-4")]; }, "CreateIntegration", Reasons.IntegrationRequested, false),
        ["a refusal waits for its time"] =
            (s => Failed(s, Reasons.AivenRefused, dueIn: Minute), "", Reasons.AivenRefused, false),
        ["a backoff whose reason got lost in a crash is not sat out"] =
            (s => Failed(s, Reasons.IntegrationRequested, dueIn: Minute), "CreateIntegration", Reasons.IntegrationRequested, false),

        // ---- no longer needed
        ["an integration that nobody needs any more starts its grace period and keeps its targets"] =
            (s => { Integrated(s); s.Bindings = []; }, "MarkUnneeded", Reasons.Integrated, true),
        ["one of two bindings still needs it"] =
            (s => { Integrated(s); s.Bindings = [Some.ServicesBinding("guid-pg-1")]; }, "", Reasons.Integrated, true),
        ["in the grace period it stays"] =
            (s => Unneeded(s, TimeSpan.FromMinutes(9)), "", Reasons.Integrated, true),
        ["needed again in the grace period, it is as before"] =
            (s => { Unneeded(s, TimeSpan.FromMinutes(9)); s.Bindings = [Some.SpaceBinding()]; }, "MarkNeeded", Reasons.Integrated, true),
        ["after the grace period ours is deleted"] =
            (s => Unneeded(s, TimeSpan.FromMinutes(10)), "DeleteIntegration", Reasons.NotNeeded, false),
        ["after the grace period theirs is only forgotten"] =
            (s => Unneeded(s, TimeSpan.FromMinutes(10), ours: false), "ForgetIntegration", Reasons.NotNeeded, false),
        ["a delete that failed waits for its time"] =
            (s => { Unneeded(s, TimeSpan.FromMinutes(10)); s.Rows = [s.Rows[0] with { DueAt = Some.Now + Minute }]; }, "", Reasons.NotNeeded, false),
        ["an attempt that never bore fruit is forgotten after the grace period"] =
            (s => (s.Bindings, s.Rows, s.Endpoints) = ([], [Some.Row(id: null, unneededFor: TimeSpan.FromMinutes(11))], [Some.Endpoint()]), "ForgetIntegration", Reasons.NotNeeded, false),
        ["the mode that integrates all needs all"] =
            (s => { Integrated(s); s.Bindings = []; s.Options.Mode = AivenMode.AllEligible; }, "", Reasons.Integrated, true),

        // ---- vanished
        ["when an integration vanished, the endpoint is looked at first"] =
            (s => s.Rows = [Some.Row()], "ListEndpoints", Reasons.IntegrationRequested, false),
        ["an integration that vanished is forgotten, and then asked for anew"] =
            (s => (s.Rows, s.Endpoints) = ([Some.Row()], [Some.Endpoint()]), "ForgetIntegration", Reasons.IntegrationRequested, false),
        ["a service that is gone takes its row with it"] =
            (s => s.Rows = [Some.Row("i9", service: "gone")], "ForgetService CreateIntegration", Reasons.IntegrationRequested, false),

        // ---- the project
        ["credentials are stored before anything else"] =
            (s => s.Record = null, "StoreEndpointCredentials", Reasons.AivenUnavailable, false),
        ["then the CA is read"] =
            (s => s.Record = s.Record! with { CaCertificate = null, EndpointId = null }, "FetchCa", Reasons.AivenUnavailable, false),
        ["then the endpoints are looked at"] =
            (s => s.Record = s.Record! with { EndpointId = null }, "ListEndpoints", Reasons.AivenUnavailable, false),
        ["then the endpoint is made"] =
            (s => { s.Record = s.Record! with { EndpointId = null }; s.Endpoints = [Some.Endpoint(name: "another")]; }, "CreateEndpoint", Reasons.AivenUnavailable, false),
        ["an endpoint of our name is adopted"] =
            (s => { s.Record = s.Record! with { EndpointId = null }; s.Endpoints = [Some.Endpoint()]; }, "AdoptEndpoint", Reasons.AivenUnavailable, false),
        ["an endpoint of our name and another type is not ours"] =
            (s => { s.Record = s.Record! with { EndpointId = null }; s.Endpoints = [Some.Endpoint() with { EndpointType = "datadog" }]; }, "CreateEndpoint", Reasons.AivenUnavailable, false),
        ["an endpoint that was recreated gets a new id"] =
            (s => s.Endpoints = [Some.Endpoint("e2")], "ForgetEndpoint", Reasons.IntegrationRequested, false),
        ["an endpoint that was deleted is forgotten"] =
            (s => s.Endpoints = [], "ForgetEndpoint", Reasons.IntegrationRequested, false),
        ["an endpoint whose user was changed gets ours back"] =
            (s => s.Endpoints = [Some.Endpoint(user: "somebody")], "AdoptEndpoint", Reasons.IntegrationRequested, false),
        ["a redacted user says nothing"] =
            (s => s.Endpoints = [Some.Endpoint(user: "<redacted>")], "CreateIntegration", Reasons.IntegrationRequested, false),
        ["a doubt about the endpoint is settled first"] =
            (s => s.DoubtsEndpoint = true, "ListEndpoints", Reasons.IntegrationRequested, false),
        ["when the endpoint cannot be made, the services wait"] =
            (s => { s.Record = s.Record! with { EndpointId = null }; s.EndpointFailed = true; }, "", Reasons.AivenUnavailable, false),
    };

    public static TheoryData<string> Sentences => [.. Table.Keys];

    [Theory]
    [MemberData(nameof(Sentences))]
    public void In_this_situation(string sentence)
    {
        var (given, steps, reason, scraped) = Table[sentence];
        var situation = new Situation();
        given(situation);
        var plan = situation.Plan();
        var service = Assert.Single(plan.Services);
        Assert.Equal((steps, reason, scraped), (string.Join(' ', plan.Steps.Select(Word)), service.Condition.Reason, service.Condition.Scraped));
        Assert.True(service.Condition.Message.Contains("pg-1", StringComparison.Ordinal) || service.Condition.Message == "as before");
    }

    [Fact]
    public void No_step_is_left_once_all_is_as_wanted()
    {
        var situation = new Situation { Endpoints = [Some.Endpoint()] };
        Integrated(situation);
        Assert.Empty(situation.Plan().Steps);
    }

    [Fact]
    public void Only_a_service_that_is_scraped_and_has_hosts_goes_to_the_feed()
    {
        var situation = new Situation();
        Integrated(situation);
        situation.Services = [situation.Services[0] with { ServiceUriParams = null }];
        var service = Assert.Single(situation.Plan().Services);
        Assert.False(service.ToRecord(Some.Project).Scraped);
    }

    [Fact]
    public void Tag_names_are_options()
    {
        var situation = new Situation { Bindings = [Some.SpaceBinding(owner: new("o", "s"))] };
        (situation.Options.Tags.OrganizationId, situation.Options.Tags.SpaceId, situation.Options.Tags.ServiceInstanceId) = ("org", "spc", "sid");
        situation.Services = [Some.Service() with { Tags = new Dictionary<string, string?> { ["org"] = "o", ["spc"] = "s", ["sid"] = "x" } }];
        var service = Assert.Single(situation.Plan().Services);
        Assert.Equal((new SpaceOwner("o", "s"), "x", true), (service.Owner!.Value, service.ServiceInstanceId, service.Needed));
    }

    private static void Integrated(Situation s, string state = "RUNNING", bool active = true)
    {
        s.Services = [Some.Service(state: state, integrations: Some.Integration(active: active))];
        s.Rows = [Some.Row()];
    }

    private static void Failed(Situation s, string reason, TimeSpan dueIn)
    {
        s.Rows = [Some.Row(id: null, ours: false, attempts: 1, dueIn: dueIn)];
        s.Previous = [Some.Previous(reason)];
    }

    private static void Unneeded(Situation s, TimeSpan span, bool ours = true)
    {
        Integrated(s);
        s.Bindings = [];
        s.Endpoints = [Some.Endpoint()];
        s.Rows = [Some.Row(ours: ours, unneededFor: span)];
    }

    private static string Word(Step step) => step is AdoptIntegration adopt ? $"AdoptIntegration({(adopt.CreatedByUs ? "ours" : "theirs")})" : step.Kind;
}
