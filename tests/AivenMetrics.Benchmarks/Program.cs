using AivenMetrics.Benchmarks;
using BenchmarkDotNet.Running;

// "load" is the load run: the gateway against direct Prometheus, median and p99 at 1 and 16 connections.
// Anything else goes to BenchmarkDotNet, for example "--filter *Rewrite* --job short".
if (args is ["load", ..]) return await GatewayLoad.RunAsync();

BenchmarkSwitcher.FromAssembly(typeof(RewriteBenchmarks).Assembly).Run(args);
return 0;
