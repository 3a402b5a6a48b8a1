using System.Text.Json.Nodes;
using AivenMetrics.Simulator.Api;
using AivenMetrics.Simulator.Dns;
using AivenMetrics.Simulator.Faults;
using AivenMetrics.Simulator.Nodes;
using AivenMetrics.Simulator.World;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Simulator.Admin;

/// <summary>
/// Serves <c>/simulator/v1</c>: what tests and the demo do to the world. Faults are <c>{"error": "…"}</c>. When a call that changes
/// something is answered, the metrics ports are already as it wants them.
/// </summary>
internal sealed class AdminServer
{
    private const string Prefix = "/simulator/v1";
    private readonly AivenWorld _world;
    private readonly NodeListeners _listeners;

    public AdminServer(
        SimulatorOptions options,
        AivenWorld world,
        NodeListeners listeners,
        DnsServer dns,
        NodeAddresses addresses,
        FaultRules<CallFault> callFaults,
        FaultRules<DnsFault> dnsFaults,
        CallLog log,
        SlidingRateLimit rate
    )
    {
        (this._world, this._listeners) = (world, listeners);
        var state = new StateView(options, dns, addresses);
        var faults = new AdminFaults(callFaults, dnsFaults, log, rate);
        const string service = "/projects/{project}/services/{service}";
        Table = new(
            new("GET", "", "This list", _ => ListRoutes()),
            new("GET", "/state", "DNS address, node network, settings, projects, services with their nodes", state.Show),
            new("GET", "/seed", "Organizations, spaces and services of the demo seed", state.Seed),
            new("PUT", "/settings", "Change delays (…_seconds) and habits", AdminWorld.ChangeSettings),
            new("PUT", "/rate-limit", "Switch the rate limit: requests_per_minute (0: off), retry_after", faults.SetRateLimit),
            new("GET", "/calls", "Recorded API calls, ?method= &path= (pattern)", faults.ListCalls),
            new("DELETE", "/calls", "Forget the recorded calls", faults.ForgetCalls),
            new("GET", "/faults", "Waiting faults of API calls", faults.List),
            new("POST", "/faults", "Fail, delay or cut the next matching API calls", faults.Add),
            new("DELETE", "/faults", "Remove all faults of API calls", faults.Clear),
            new("DELETE", "/faults/{id}", "Remove one", faults.Remove),
            new("GET", "/dns/faults", "Waiting DNS faults", faults.ListDns),
            new("POST", "/dns/faults", "Spoil the next DNS answers for a host", faults.AddDns),
            new("DELETE", "/dns/faults", "Remove all DNS faults", faults.ClearDns),
            new("DELETE", "/dns/faults/{id}", "Remove one", faults.RemoveDns),
            new("PUT", "/projects/{project}", "Create a project", AdminWorld.CreateProject),
            new("POST", "/projects/{project}/services", "Create a service that runs at once", AdminWorld.CreateService),
            new("PATCH", service, "Set plan, type, state, tags without any delay", AdminWorld.ChangeService),
            new("DELETE", service, "Delete a service, protected or not", AdminWorld.DeleteService),
            new("POST", service + "/power-off", "Power off", AdminWorld.PowerOff),
            new("POST", service + "/power-on", "Power on: build_seconds (0)", AdminWorld.PowerOn),
            new("POST", service + "/nodes/{node}/replace", "Replace a node: join_seconds (0), leave_seconds (10)", AdminWorld.ReplaceNode),
            new("PUT", service + "/nodes/{node}/port", "Open or close its metrics port", AdminWorld.SetPort),
            new("PUT", service + "/nodes/{node}/certificate", "Show another: project, other-authority, …", AdminWorld.SetCertificate)
        );
    }

    internal RouteTable Table { get; }

    public async Task ServeAsync(HttpContext context)
    {
        var (status, answer) = await HandleAsync(context);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(RequestFields.WriterOptions), context.RequestAborted);
    }

    private async Task<(int Status, JsonObject Answer)> HandleAsync(HttpContext context)
    {
        try
        {
            var path = context.Request.Path.Value![Prefix.Length..].TrimEnd('/');
            var (route, values) = Table.Find(context.Request.Method, path);
            // Orders without particulars ("power off") need no body.
            var body = route.TakesBody ? await RequestFields.ReadAsync(context.Request, emptyIsObject: true) : new([]);
            var query = context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
            var answer = _world.Synchronized(now => route.Handle(new(_world, now, values, body, query)));
            if (route.Method != "GET")
            {
                await _listeners.ReconcileAsync(context.RequestAborted);
            }
            return (StatusCodes.Status200OK, answer);
        }
        catch (AivenApiException fault)
        {
            var hint = fault.Status is 404 or 405 ? $" (GET {Prefix} lists the routes)" : "";
            return (fault.Status, new() { ["error"] = fault.Message + hint });
        }
        catch (BadHttpRequestException fault)
        {
            return (fault.StatusCode, new() { ["error"] = "Invalid request" });
        }
    }

    private JsonObject ListRoutes() =>
        new()
        {
            ["routes"] = new JsonArray([
                .. Table.Routes.Select(route => new JsonObject
                {
                    ["method"] = route.Method,
                    ["path"] = Prefix + route.Template,
                    ["summary"] = route.Summary,
                }),
            ]),
        };
}
