using System.CommandLine;
using AivenMetrics.Commands;

var root = new RootCommand("Lets the tenants of a platform see the metrics of their Aiven services.")
{
    RoleCommand.Create(Roles.Broker),
    RoleCommand.Create(Roles.Discovery),
    RoleCommand.Create(Roles.Gateway),
    RoleCommand.Create(Roles.Simulator),
    MigrateCommand.Create(),
    OpenApiCommand.Create(),
    DemoCommand.Create(),
    RoleCommand.ConfigOption,
};

return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
