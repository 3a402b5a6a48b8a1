using AivenMetrics.Benchmarks;
using BenchmarkDotNet.Running;

// "load": the gateway against direct Prometheus, median and p99 at 1 and 16 connections.
// "failover": what tenants see when the usual Prometheus is killed and when it is stopped.
// "lifecycle", "memory", "catalog": the broker, see each. Options after them are "--name value".
// Anything else goes to BenchmarkDotNet, for example "--filter *Rewrite* --job short".
switch (args)
{
    case ["load", ..]:
        return await GatewayLoad.RunAsync();
    case ["failover", ..]:
        return await FailoverLoad.RunAsync(new LoadOptions(args));
    case ["lifecycle", ..]:
        return await LifecycleLoad.Run(new LoadOptions(args));
    case ["memory", ..]:
        return await MemoryLoad.Run(new LoadOptions(args));
    case ["catalog", ..]:
        return await CatalogLoad.Run(new LoadOptions(args));
    case ["bare-kestrel", ..]:
        return await CatalogLoad.ServeBare(args[1]);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(RewriteBenchmarks).Assembly).Run(args);
        return 0;
}
