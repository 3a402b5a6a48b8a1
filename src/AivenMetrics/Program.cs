using System.CommandLine;
using AivenMetrics.Commands;

var root = new RootCommand("Lets the tenants of a platform see the metrics of their Aiven services.")
{
    RoleCommand.Create(Roles.Broker),
    RoleCommand.Create(Roles.Discovery),
    RoleCommand.Create(Roles.Gateway),
    RoleCommand.Create(Roles.Simulator),
    MigrateCommand.Create(),
    RekeyCommand.Create(),
    HashPasswordCommand.Create(),
    AuditCommand.Create(),
    OpenApiCommand.Create(),
    DemoCommand.Create(),
    PlatformCommand.Create(),
    ExplainCommand.Create(),
    RoleCommand.ConfigOption,
};

// A word that begins with @ is a value of --parameters, not a file of arguments.
var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync(error.Message);
    }

    await Console.Error.WriteLineAsync("See aiven-metrics --help, and --help of each command.");
    return RoleCommand.UsageExitCode;
}

return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
