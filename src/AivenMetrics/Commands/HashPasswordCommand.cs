using System.CommandLine;
using AivenMetrics.Broker.Access;
using AivenMetrics.Hosting;
using Spectre.Console;

namespace AivenMetrics.Commands;

/// <summary>
/// <c>aiven-metrics hash-password</c>: prints the hash of a platform's password, for <c>Broker:Users</c>. The password comes from
/// a hidden prompt or standard input, never from the command line, which every user of a machine can read.
/// </summary>
internal static class HashPasswordCommand
{
    public static Command Create()
    {
        var command = new Command(
            "hash-password",
            $"Prints the hash of a password for Broker:Users:<n>:PasswordHash. Asks for the password on a terminal, else reads it from standard input; at least {PasswordHash.ShortestPassword} characters.");
        command.SetAction((_, ct) => Console.IsInputRedirected ? FromInput(Console.In, ct) : FromTerminal(ct));
        return command;
    }

    private static async Task<int> FromInput(TextReader input, CancellationToken ct)
    {
        // No more than can be a password, whatever is piped in.
        var buffer = new char[PasswordHash.LongestPassword + 3];
        int length = await input.ReadBlockAsync(buffer, ct);
        string given = new(buffer, 0, length);
        // What echo and most editors append is no part of it.
        return await Print(given.EndsWith("\r\n", StringComparison.Ordinal) ? given[..^2] : given.EndsWith('\n') ? given[..^1] : given);
    }

    private static async Task<int> FromTerminal(CancellationToken ct)
    {
        // The prompt goes to standard error: standard output is the hash and nothing else.
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error), Interactive = InteractionSupport.Yes });
        string password = await Ask(console, "Password:", ct);
        if (PasswordHash.Fault(password) is null && await Ask(console, "Again:", ct) != password)
        {
            await Console.Error.WriteLineAsync("The two passwords are not equal: run the command again.");
            return RoleCommand.UsageExitCode;
        }

        return await Print(password);
    }

    private static Task<string> Ask(IAnsiConsole console, string text, CancellationToken ct) =>
        new TextPrompt<string>(text).Secret(null).AllowEmpty().ShowAsync(console, ct);

    private static async Task<int> Print(string password)
    {
        if (PasswordHash.Fault(password) is { } fault)
        {
            await Console.Error.WriteLineAsync(fault);
            return RoleCommand.UsageExitCode;
        }

        Console.WriteLine(PasswordHash.Of(password));
        return 0;
    }
}
