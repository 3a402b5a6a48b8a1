using System.CommandLine;
using AivenMetrics.Lab.PlatformCli;

namespace AivenMetrics.Lab.Commands;

/// <summary><c>aiven-metrics-lab platform</c>: acts as a strict platform towards any service broker.</summary>
internal static class PlatformCommand
{
    public static Command Create()
    {
        var command = new Command(
            "platform",
            "Acts as a platform towards any service broker, as strictly as Cloud Controller, and reports every violation "
                + "of the specification. "
                + "Exit codes: 0 success, 1 the broker rejected the request or failed, 2 invalid command line, 3 violation of "
                + "the specification."
        )
        {
            ReadCommands.Catalog(),
            InstanceCommands.Create(),
            InstanceCommands.Update(),
            BindingCommands.Bind(),
            BindingCommands.ServiceKey(),
            BindingCommands.Unbind(),
            InstanceCommands.Delete(),
            ReadCommands.LastOperation(),
            ReadCommands.Fetch(),
            ReadCommands.Services(),
            ConformanceCommand.Create(),
        };
        foreach (var option in PlatformOptions.All)
        {
            command.Options.Add(option);
        }
        return command;
    }
}
