using System.CommandLine;
using AivenMetrics.Hosting;
using AivenMetrics.Lab.Commands;

var root = new RootCommand(
    "Laboratory of aiven-metrics: a simulator of Aiven, a demo of the whole product, and a strict platform for testing service brokers."
)
{
    RoleCommand.Create(LabRoles.Simulator),
    DemoCommand.Create(),
    PlatformCommand.Create(),
    RoleCommand.ConfigOption,
};

return await CommandLineProgram.RunAsync(root, "aiven-metrics-lab", args);
