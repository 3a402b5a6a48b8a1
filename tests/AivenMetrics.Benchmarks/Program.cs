using AivenMetrics.Benchmarks;
using BenchmarkDotNet.Running;

// "load": the gateway against direct Prometheus, median and p99 at 1 and 16 connections.
// "gateway": the gateway against plain proxies before a constant answer.
// "neighbour": a tenant beside one at its limits and at ten times its limits.
// "credentials": memory, look-up and a change among 10,000 of them. "large-answer": memory while 100 MB pass.
// "rewrite": parse, scope and print against Prometheus' own format_query.
// "failover": what tenants see when the usual Prometheus is killed and when it is stopped.
// "lifecycle", "memory", "catalog": the broker, see each. Options after them are "--name value".
// Anything else goes to BenchmarkDotNet, for example "--filter *Rewrite* --job short".
switch (args)
{
    case ["load", ..]:
        return await GatewayLoad.RunAsync();
    case ["gateway", ..]:
        return await ProxyLoad.RunAsync(new LoadOptions(args));
    case ["neighbour", ..]:
        return await NeighbourLoad.RunAsync();
    case ["noise", var url, var perSecond]:
        return await NeighbourLoad.NoiseAsync(url, perSecond);
    case ["credentials", ..]:
        return await CredentialsLoad.RunAsync();
    case ["large-answer", ..]:
        return await LargeResponseLoad.RunAsync(new LoadOptions(args));
    case ["rewrite", ..]:
        return await RewriteComparison.RunAsync(new LoadOptions(args));
    case ["failover", ..]:
        return await FailoverLoad.RunAsync(new LoadOptions(args));
    case ["lifecycle", ..]:
        return await LifecycleLoad.RunAsync(new LoadOptions(args));
    case ["memory", ..]:
        return await MemoryLoad.RunAsync(new LoadOptions(args));
    case ["catalog", ..]:
        return await CatalogLoad.RunAsync(new LoadOptions(args));
    case ["bare-kestrel", ..]:
        return await CatalogLoad.ServeBareAsync(args[1]);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(RewriteBenchmarks).Assembly).Run(args);
        return 0;
}
