using AivenMetrics.Simulator;
using Spectre.Console;

namespace AivenMetrics.Lab.Demo;

/// <summary>The demo from start to end: start the stack, order as two tenants, wait for samples, show, stop.</summary>
internal sealed class DemoRun(DemoOptions options, IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan SamplesWithin = TimeSpan.FromSeconds(90);

    private readonly long start = time.GetTimestamp();

    public async Task Run(CancellationToken ct)
    {
        if (options.Data is { } given && Directory.Exists(given) && Directory.EnumerateFileSystemEntries(given).Any())
        {
            throw new DemoException($"--data names {given}, which is not empty: name a new folder, or delete what an earlier run left there.");
        }

        if (options.ReadyFile is { } stale)
        {
            File.Delete(stale);
        }

        string data = options.Data ?? Directory.CreateTempSubdirectory("aiven-metrics-demo-").FullName;
        try
        {
            await using var stack = new DemoStack(new DemoFolder(Path.GetFullPath(data)), options, time, Say);
            await stack.Start(ct);
            IReadOnlyList<DemoTenant> tenants = await Order(stack, ct);
            await WaitForSamples(stack, tenants, ct);
            var report = new DemoReport(console, options.Keep);
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
        List<DemoTenant> tenants = [];
        foreach (DemoOrganization organization in DemoSeed.Organizations)
        {
            DemoSpace space = DemoSeed.Spaces.First(candidate => candidate.OrganizationId == organization.Id);
            Say($"platform: {organization.Name}/{space.Name} runs  cf create-service metrics space my-metrics  and  cf bind-service app my-metrics");
            tenants.Add(await platform.Order(organization, space, plan, ct));
        }

        return tenants;
    }

    /// <summary>A tenant is served when every service of its space that has an integration has all its nodes up.</summary>
    private async Task WaitForSamples(DemoStack stack, IReadOnlyList<DemoTenant> tenants, CancellationToken ct)
    {
        long waiting = time.GetTimestamp();
        foreach (DemoTenant tenant in tenants)
        {
            int expected = await stack.CountIntegratedServices(tenant.SpaceId, ct);
            using var gateway = new PrometheusQuery(tenant.Url, tenant.Username, tenant.Password);
            double shown = -1;
            for (double served = 0; served < expected; await Task.Delay(TimeSpan.FromMilliseconds(250), time, ct))
            {
                stack.ThrowIfAnyExited();
                served = (await gateway.Instant("count(min by (aiven_service_name) (up) == 1)", ct) ?? []).Sum(sample => sample.Value);
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
