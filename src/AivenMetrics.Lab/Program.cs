using System.CommandLine;
using AivenMetrics.Hosting;
using AivenMetrics.Lab.Commands;

var root = new RootCommand(
    "Test tools for aiven-metrics: a simulator of Aiven, a demo of the whole product, and a strict platform that checks service brokers."
)
{
    RoleCommand.Create(LabRoles.Simulator),
    DemoCommand.Create(),
    PlatformCommand.Create(),
    RoleCommand.ConfigOption,
};

return await CommandLineProgram.RunAsync(root, "aiven-metrics-lab", args);
