using System.Text.Json.Nodes;
using AivenMetrics.Simulator.Api;
using AivenMetrics.Simulator.Dns;
using AivenMetrics.Simulator.Faults;
using AivenMetrics.Simulator.Nodes;
using AivenMetrics.Simulator.World;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Simulator.Admin;

/// <summary>
/// Serves <c>/simulator/v1</c>, with which tests and the demo change the simulation. Errors are <c>{"error": "…"}</c>. A call that changes
/// something returns after the metrics ports have been opened and closed accordingly.
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
        (_world, _listeners) = (world, listeners);
        var state = new StateView(options, dns, addresses);
        var faults = new AdminFaults(callFaults, dnsFaults, log, rate);
        const string service = "/projects/{project}/services/{service}";
        Table = new(
            new("GET", "", "List the routes", _ => ListRoutes()),
            new("GET", "/state", "Show DNS address, node network, settings, projects and services with their nodes", state.Show),
            new("GET", "/seed", "Show organizations, spaces and services of the demo seed", state.Seed),
            new("PUT", "/settings", "Change delays (…_seconds) and behaviour", AdminWorld.ChangeSettings),
            new("PUT", "/rate-limit", "Set the rate limit: requests_per_minute (0: none), retry_after", faults.SetRateLimit),
            new("GET", "/calls", "List recorded API calls; ?method= and ?path= (pattern) filter", faults.ListCalls),
            new("DELETE", "/calls", "Delete the recorded calls", faults.ForgetCalls),
            new("GET", "/faults", "List pending faults of API calls", faults.List),
            new("POST", "/faults", "Fail, delay or disconnect the next matching API calls", faults.Add),
            new("DELETE", "/faults", "Remove all faults of API calls", faults.Clear),
            new("DELETE", "/faults/{id}", "Remove one fault", faults.Remove),
            new("GET", "/dns/faults", "List pending DNS faults", faults.ListDns),
            new("POST", "/dns/faults", "Fail the next DNS queries for a host", faults.AddDns),
            new("DELETE", "/dns/faults", "Remove all DNS faults", faults.ClearDns),
            new("DELETE", "/dns/faults/{id}", "Remove one fault", faults.RemoveDns),
            new("PUT", "/projects/{project}", "Create a project", AdminWorld.CreateProject),
            new("POST", "/projects/{project}/services", "Create a service that runs immediately", AdminWorld.CreateService),
            new("PATCH", service, "Set plan, type, state and tags without delay", AdminWorld.ChangeService),
            new("DELETE", service, "Delete a service, even if it is protected", AdminWorld.DeleteService),
            new("POST", service + "/power-off", "Power off a service", AdminWorld.PowerOff),
            new("POST", service + "/power-on", "Power on a service: build_seconds (0)", AdminWorld.PowerOn),
            new("POST", service + "/nodes/{node}/replace", "Replace a node: join_seconds (0), leave_seconds (10)", AdminWorld.ReplaceNode),
            new("PUT", service + "/nodes/{node}/port", "Open or close the metrics port of a node", AdminWorld.SetPort),
            new(
                "PUT",
                service + "/nodes/{node}/certificate",
                "Set the TLS certificate: project, other-authority, other-host, expired",
                AdminWorld.SetCertificate
            )
        );
    }

    internal RouteTable Table { get; }

    public async Task ServeAsync(HttpContext context)
    {
        var (status, response) = await HandleAsync(context);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(response.ToJsonString(RequestFields.WriterOptions), context.RequestAborted);
    }

    private async Task<(int Status, JsonObject Answer)> HandleAsync(HttpContext context)
    {
        try
        {
            var path = context.Request.Path.Value![Prefix.Length..].TrimEnd('/');
            var (route, values) = Table.Find(context.Request.Method, path);
            // Some calls ("power off") need no body.
            var body = route.TakesBody ? await RequestFields.ReadAsync(context.Request, emptyIsObject: true) : new([]);
            var query = context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
            var response = _world.Synchronized(now => route.Handle(new(_world, now, values, body, query)));
            if (route.Method != "GET")
            {
                await _listeners.ReconcileAsync(context.RequestAborted);
            }
            return (StatusCodes.Status200OK, response);
        }
        catch (AivenApiException exception)
        {
            var hint = exception.Status is 404 or 405 ? $" (GET {Prefix} lists the routes)" : "";
            return (exception.Status, new() { ["error"] = exception.Message + hint });
        }
        catch (BadHttpRequestException exception)
        {
            return (exception.StatusCode, new() { ["error"] = "Invalid request" });
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
