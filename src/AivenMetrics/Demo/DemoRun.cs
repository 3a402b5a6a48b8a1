using Spectre.Console;

namespace AivenMetrics.Demo;

/// <summary>The demo from start to end: start the stack, order as two tenants, wait for samples, show, stop.</summary>
internal sealed class DemoRun(DemoOptions options, IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan SamplesWithin = TimeSpan.FromSeconds(90);

    private readonly long start = time.GetTimestamp();

    public async Task Run(CancellationToken ct)
    {
        string data = options.Data ?? Directory.CreateTempSubdirectory("aiven-metrics-demo-").FullName;
        try
        {
            await using var stack = new DemoStack(new DemoFolder(Path.GetFullPath(data)), options, time, Say);
            await stack.Start(ct);
            IReadOnlyList<DemoTenant> tenants = await Order(stack, ct);
            await WaitForSamples(stack, tenants, ct);
            var report = new DemoReport(console);
            await report.Show(tenants[0], tenants[1], stack.PrometheusUrls[0], ct);
            await report.Show(tenants[1], tenants[0], stack.PrometheusUrls[0], ct);
            console.WriteLine();
            if (options.ReadyFile is { } readyFile)
            {
                ReadyFile.Write(readyFile, stack, tenants, Path.GetFullPath(data));
                Say($"described in {readyFile}");
            }

            if (options.Keep)
            {
                Say("everything keeps running; press Ctrl-C to stop it");
                await Stay(stack, ct);
            }
        }
        finally
        {
            if (options.Data is null)
            {
                Directory.Delete(data, recursive: true);
            }

            Say("stopped");
        }
    }

    private async Task<IReadOnlyList<DemoTenant>> Order(DemoStack stack, CancellationToken ct)
    {
        using var platform = new DemoPlatform(stack.BrokerUrl, stack.BrokerUsername, stack.BrokerPassword);
        var plan = await platform.Catalog(ct);
        var spaces = stack.SimulatorState["services"]!.AsArray()
            .Where(service => service!["space_id"] is not null)
            .GroupBy(service => (Organization: service!["organization_id"]!.GetValue<string>(), Space: service["space_id"]!.GetValue<string>()))
            .OrderByDescending(space => space.Count())
            .DistinctBy(space => space.Key.Organization)
            .Take(2)
            .Select(space => space.Key)
            .ToList();
        List<DemoTenant> tenants = [];
        foreach ((int index, (string organization, string space)) in spaces.Index())
        {
            string name = $"tenant-{(char)('a' + index)}";
            Say($"platform: {name} runs  cf create-service metrics space my-metrics  and  cf bind-service app my-metrics");
            tenants.Add(await platform.Order(name, organization, space, plan, ct));
        }

        return tenants;
    }

    /// <summary>A tenant is served when every service that the broker integrated for it has all its scraped nodes up.</summary>
    private async Task WaitForSamples(DemoStack stack, IReadOnlyList<DemoTenant> tenants, CancellationToken ct)
    {
        long waiting = time.GetTimestamp();
        foreach (DemoTenant tenant in tenants)
        {
            int expected = tenant.Credentials["services"]!.AsArray().Count(service => service!["integrated"]!.GetValue<bool>());
            using var gateway = new PrometheusQuery(tenant.Url, tenant.Username, tenant.Password);
            double shown = -1;
            for (double served = 0; served < expected; await Task.Delay(TimeSpan.FromMilliseconds(250), time, ct))
            {
                stack.ThrowIfAnyExited();
                served = (await gateway.Instant("count(min by (aiven_service_name) (up) == 1)", ct)).Sum(sample => sample.Value);
                if (served > shown)
                {
                    Say($"{tenant.Name}: {served:0} of {expected} services deliver metrics");
                    shown = served;
                }

                if (time.GetElapsedTime(waiting) > SamplesWithin)
                {
                    throw new DemoException($"{tenant.Name} sees {served:0} of {expected} services after {SamplesWithin.TotalSeconds:0} s. Run again with --data FOLDER and read FOLDER/logs.");
                }
            }
        }
    }

    private async Task Stay(DemoStack stack, CancellationToken ct)
    {
        HashSet<string> gone = [];
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), time, ct);
            foreach (DemoProcess process in stack.Processes.Where(process => process.HasExited && gone.Add(process.Name)))
            {
                Say($"{process.Name} has ended; its log is {process.LogFile}");
            }
        }
    }

    private void Say(string what) => console.WriteLine($"{time.GetElapsedTime(start).TotalSeconds,5:0.0} s  {what}");
}
