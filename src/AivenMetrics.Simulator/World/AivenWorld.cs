using System.Net;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using AivenMetrics.Simulator.Api;
using AivenMetrics.Simulator.Nodes;

namespace AivenMetrics.Simulator.World;

/// <summary>
/// All simulated projects, in memory. Every access runs inside <see cref="Synchronized{T}"/>: it takes the lock and applies all changes
/// that are due, so that no caller sees an outdated state.
/// </summary>
internal sealed partial class AivenWorld
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly NodeAddresses _addresses;
    private readonly SortedDictionary<string, AivenProject> _projects = new(StringComparer.Ordinal);
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    public AivenWorld(SimulatorOptions options, TimeProvider time, NodeAddresses addresses)
    {
        (_time, _addresses) = (time, addresses);
        Settings = new(options.IntegrationDelay, options.ListenerDelay, options.NotFoundWindow, options.BuildTime);
        AddProject(options.Project, time.GetUtcNow());
        if (options.Seed)
        {
            AddSeed(options.Project);
        }
    }

    /// <summary>The settings; access them inside <see cref="Synchronized{T}"/>.</summary>
    public WorldSettings Settings { get; set; }

    public IEnumerable<AivenProject> Projects => _projects.Values;

    public IEnumerable<AivenService> Services => _projects.Values.SelectMany(project => project.Services.Values);

    public T Synchronized<T>(Func<DateTimeOffset, T> act)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            foreach (var service in Services)
            {
                service.Advance(now);
            }
            return act(now);
        }
    }

    /// <summary>Notifies the node listeners of a change.</summary>
    public void NotifyChanged() => _changes.Writer.TryWrite(true);

    /// <summary>Waits until <see cref="NotifyChanged"/> has been called since the last wait.</summary>
    public async Task WaitForChangeAsync(CancellationToken cancellationToken) => await _changes.Reader.ReadAsync(cancellationToken);

    public AivenProject AddProject(string name, DateTimeOffset now) =>
        _projects.TryGetValue(name, out var existing) ? existing : _projects[name] = new(name, new ProjectCertificateAuthority(name, now));

    /// <exception cref="AivenApiException">404: the project does not exist.</exception>
    public AivenProject Project(string name) => _projects.GetValueOrDefault(name) ?? throw AivenErrors.NoProject();

    /// <exception cref="AivenApiException">404: the project or the service does not exist.</exception>
    public AivenService Service(string project, string name) =>
        Project(project).Services.GetValueOrDefault(name) ?? throw AivenErrors.NoService(name);

    /// <summary>Adds a service without nodes; <see cref="AivenService.Build"/> creates the nodes.</summary>
    /// <exception cref="AivenApiException">400 or 409: name, type or plan are invalid.</exception>
    public AivenService AddService(AivenProject project, string name, string type, string plan, DateTimeOffset now, TimeSpan notFoundWindow)
    {
        if (!ServiceName().IsMatch(name))
        {
            throw AivenErrors.Invalid("Service name must consist of 1-64 alphanumerical characters");
        }
        if (!ServiceTypes.All.TryGetValue(type, out var known))
        {
            throw AivenErrors.Invalid($"Invalid service type: {type}");
        }
        if (!ServiceTypes.IsPlan(plan))
        {
            throw AivenErrors.Invalid($"Invalid plan for service type {type}: {plan}");
        }
        if (project.Services.ContainsKey(name))
        {
            throw AivenErrors.ServiceExists();
        }
        return project.Services[name] = new(project, name, known, plan, now, _addresses) { FoundAt = now + notFoundWindow };
    }

    public static void Delete(AivenService service)
    {
        service.PowerOff();
        service.Project.Services.Remove(service.Name);
    }

    /// <summary>Returns the addresses of a host; null if the name does not exist.</summary>
    public IReadOnlyList<IPAddress>? Resolve(string host, DateTimeOffset now)
    {
        foreach (var service in Services)
        {
            if (service.Resolve(host, now) is { } nodes)
            {
                return nodes.Count > 0 ? [.. nodes.Select(node => node.Address)] : null;
            }
        }

        return null;
    }

    private void AddSeed(string project) =>
        Synchronized(now =>
        {
            foreach (var demo in DemoSeed.Services(project))
            {
                var service = new AivenService(Project(project), demo.Name, ServiceTypes.All[demo.Type], demo.Plan, now, _addresses)
                {
                    CreatedAt = now - TimeSpan.FromDays(12),
                    Tags = new(DemoSeed.Tags(demo).ToDictionary(), StringComparer.Ordinal),
                };
                service.Build(now, now);
                if (!demo.Powered)
                {
                    service.PowerOff();
                }
                Project(project).Services[demo.Name] = service;
            }

            return true;
        });

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,63}\z")]
    private static partial Regex ServiceName();
}
