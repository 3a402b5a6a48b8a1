using System.CommandLine;

namespace AivenMetrics.Hosting;

/// <summary>Runs the command line of a program.</summary>
internal static class CommandLineProgram
{
    /// <summary>Parses the arguments and runs the command that they name.</summary>
    /// <param name="root">The commands of the program.</param>
    /// <param name="name">Name of the program, for error messages.</param>
    /// <param name="arguments">The arguments of the process.</param>
    /// <returns>The exit code of the command, or <see cref="RoleCommand.UsageExitCode"/> if the arguments cannot be parsed.</returns>
    public static async Task<int> RunAsync(RootCommand root, string name, string[] arguments)
    {
        // An argument that begins with @ is a value of --parameters, not a file of arguments.
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync(error.Message);
            }

            await Console.Error.WriteLineAsync($"See {name} --help, and --help of each command.");
            return RoleCommand.UsageExitCode;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }
}
