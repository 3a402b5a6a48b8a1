using System.Globalization;
using AivenMetrics.Simulator;
using Spectre.Console;

namespace AivenMetrics.Lab.Demo;

/// <summary>Runs the demo: starts all processes, orders for two tenants, waits for samples, shows the results and stops.</summary>
internal sealed class DemoRunner(DemoOptions options, IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan SamplesTimeout = TimeSpan.FromSeconds(90);

    private readonly long _start = time.GetTimestamp();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (options.Data is { } given && Directory.Exists(given) && Directory.EnumerateFileSystemEntries(given).Any())
        {
            throw new DemoException($"--data names {given}, which is not empty: name a new folder, or delete its content.");
        }

        if (options.ReadyFile is { } stale)
        {
            File.Delete(stale);
        }

        var data = options.Data ?? Directory.CreateTempSubdirectory("aiven-metrics-demo-").FullName;
        try
        {
            await using var stack = new DemoStack(new DemoFolder(Path.GetFullPath(data)), options, time, WriteProgress);
            await stack.StartAsync(cancellationToken);
            var tenants = await OrderTenantsAsync(stack, cancellationToken);
            await WaitForSamplesAsync(stack, tenants, cancellationToken);
            var report = new DemoReport(console, options.Keep);
            await report.WriteAsync(tenants[0], tenants[1], stack.PrometheusUrls[0], cancellationToken);
            await report.WriteAsync(tenants[1], tenants[0], stack.PrometheusUrls[0], cancellationToken);
            console.WriteLine();
            if (options.ReadyFile is { } readyFile)
            {
                ReadyFile.Write(readyFile, stack, tenants, Path.GetFullPath(data));
                WriteProgress($"wrote {readyFile}");
            }

            if (options.Keep)
            {
                WriteProgress("everything keeps running; press Ctrl-C to stop it");
                await WaitUntilStoppedAsync(stack, cancellationToken);
            }
        }
        finally
        {
            if (options.Data is null)
            {
                Directory.Delete(data, recursive: true);
            }

            WriteProgress("stopped");
        }
    }

    private async Task<IReadOnlyList<DemoTenant>> OrderTenantsAsync(DemoStack stack, CancellationToken cancellationToken)
    {
        using var platform = new DemoPlatform(stack.BrokerUrl, stack.BrokerUsername, stack.BrokerPassword);
        var plan = await platform.ReadPlanAsync(cancellationToken);
        List<DemoTenant> tenants = [];
        foreach (var organization in DemoSeed.Organizations)
        {
            var space = DemoSeed.Spaces.First(candidate => candidate.OrganizationId == organization.Id);
            WriteProgress(
                $"platform: {organization.Name}/{space.Name} runs  cf create-service metrics space my-metrics  and  cf "
                    + "bind-service app my-metrics"
            );
            tenants.Add(await platform.ProvisionAndBindAsync(organization, space, plan, cancellationToken));
        }

        return tenants;
    }

    /// <summary>Waits until all nodes of every service with an integration are up, for each tenant.</summary>
    private async Task WaitForSamplesAsync(DemoStack stack, IReadOnlyList<DemoTenant> tenants, CancellationToken cancellationToken)
    {
        var waiting = time.GetTimestamp();
        foreach (var tenant in tenants)
        {
            var expected = await stack.CountIntegratedServicesAsync(tenant.SpaceId, cancellationToken);
            using var gateway = new PrometheusClient(tenant.Url, tenant.Username, tenant.Password);
            double shown = -1;
            for (double served = 0; served < expected; await Task.Delay(TimeSpan.FromMilliseconds(250), time, cancellationToken))
            {
                stack.ThrowIfAnyExited();
                served = (await gateway.InstantQueryAsync("count(min by (aiven_service_name) (up) == 1)", cancellationToken) ?? []).Sum(
                    sample => sample.Value
                );
                if (served > shown)
                {
                    WriteProgress($"{tenant.Name}: {served:0} of {expected} services deliver metrics");
                    shown = served;
                }

                if (time.GetElapsedTime(waiting) > SamplesTimeout)
                {
                    throw new DemoException(
                        $"{tenant.Name} sees {served:0} of {expected} services after {SamplesTimeout.TotalSeconds:0} s. Run "
                            + "again with --data FOLDER and read FOLDER/logs."
                    );
                }
            }
        }
    }

    private async Task WaitUntilStoppedAsync(DemoStack stack, CancellationToken cancellationToken)
    {
        HashSet<string> gone = [];
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
            foreach (var process in stack.Processes.Where(process => process.HasExited && gone.Add(process.Name)))
            {
                WriteProgress($"{process.Name} has ended; its log is {process.LogFile}");
            }
        }
    }

    private void WriteProgress(string what)
    {
        var seconds = time.GetElapsedTime(_start).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        console.WriteLine($"{seconds.PadLeft(5)} s  {what}");
    }
}
