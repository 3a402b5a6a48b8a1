using System.CommandLine;
using AivenMetrics.Lab.PlatformCli;

namespace AivenMetrics.Lab.Commands;

/// <summary><c>aiven-metrics-lab platform</c>: a strict platform in a box, against any service broker.</summary>
internal static class PlatformCommand
{
    public static Command Create()
    {
        var command = new Command(
            "platform",
            "Acts as a strict platform against any service broker, as Cloud Controller does, and tells every violation of the specification that it sees. "
                + "Exit codes: 0 fine, 1 the broker refused or failed, 2 the command line cannot be used, 3 the specification is violated."
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
