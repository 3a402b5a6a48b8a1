using System.CommandLine;
using AivenMetrics.Commands;
using AivenMetrics.Hosting;

var root = new RootCommand("Lets the tenants of a platform see the metrics of their Aiven services.")
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
