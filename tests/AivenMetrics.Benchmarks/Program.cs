using AivenMetrics.Benchmarks;

return args is ["load", ..] ? await GatewayLoad.RunAsync() : Usage();

static int Usage()
{
    Console.WriteLine("load: the gateway against direct Prometheus; median and p99 at 1 and 16 connections");
    return 2;
}
