using System.CommandLine;
using AivenMetrics.Commands;
using AivenMetrics.Hosting;

var root = new RootCommand(
    "Gives the tenants of a platform access to the metrics of their Aiven services. Each role (broker, discovery, "
        + "gateway) is a process of its own."
)
{
    RoleCommand.Create(Roles.Broker),
    RoleCommand.Create(Roles.Discovery),
    RoleCommand.Create(Roles.Gateway),
    MigrateCommand.Create(),
    RekeyCommand.Create(),
    HashPasswordCommand.Create(),
    AuditCommand.Create(),
    OpenApiCommand.Create(),
    ExplainCommand.Create(),
    RoleCommand.ConfigOption,
};

return await CommandLineProgram.RunAsync(root, "aiven-metrics", args);
