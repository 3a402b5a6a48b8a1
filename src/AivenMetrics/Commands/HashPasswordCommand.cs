using System.CommandLine;
using AivenMetrics.Authentication;
using AivenMetrics.Hosting;
using Spectre.Console;

namespace AivenMetrics.Commands;

/// <summary>
/// <c>aiven-metrics hash-password</c>: prints the hash of a platform's password, for <c>Broker:Users</c>. The password is read from a
/// hidden prompt or standard input, never from the command line, which every user of a machine can read.
/// </summary>
internal static class HashPasswordCommand
{
    public static Command Create()
    {
        var command = new Command(
            "hash-password",
            "Prints the hash of a password for Broker:Users:<n>:PasswordHash. Prompts for the password on a terminal, "
                + $"otherwise reads it from standard input. Minimum length: {PasswordHash.MinimumPasswordLength} characters."
        );
        command.SetAction((_, ct) => Console.IsInputRedirected ? ReadFromInputAsync(Console.In, ct) : ReadFromTerminalAsync(ct));
        return command;
    }

    private static async Task<int> ReadFromInputAsync(TextReader input, CancellationToken cancellationToken)
    {
        // Reads no more than the longest password and a line break.
        var buffer = new char[PasswordHash.MaximumPasswordLength + 3];
        var length = await input.ReadBlockAsync(buffer, cancellationToken);
        string given = new(buffer, 0, length);
        // A final line break, which echo and most editors append, is not part of the password.
        return await WriteHashAsync(
            given.EndsWith("\r\n", StringComparison.Ordinal) ? given[..^2]
            : given.EndsWith('\n') ? given[..^1]
            : given
        );
    }

    private static async Task<int> ReadFromTerminalAsync(CancellationToken cancellationToken)
    {
        // The prompt is written to standard error, so that standard output contains only the hash.
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error), Interactive = InteractionSupport.Yes }
        );
        var password = await PromptAsync(console, "Password:", cancellationToken);
        if (PasswordHash.ValidatePassword(password) is null && await PromptAsync(console, "Again:", cancellationToken) != password)
        {
            await Console.Error.WriteLineAsync("The two passwords differ: run the command again.");
            return RoleCommand.UsageExitCode;
        }

        return await WriteHashAsync(password);
    }

    private static Task<string> PromptAsync(IAnsiConsole console, string text, CancellationToken cancellationToken) =>
        new TextPrompt<string>(text).Secret(null).AllowEmpty().ShowAsync(console, cancellationToken);

    private static async Task<int> WriteHashAsync(string password)
    {
        if (PasswordHash.ValidatePassword(password) is { } error)
        {
            await Console.Error.WriteLineAsync(error);
            return RoleCommand.UsageExitCode;
        }

        Console.WriteLine(PasswordHash.Create(password));
        return 0;
    }
}
