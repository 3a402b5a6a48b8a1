using System.CommandLine;

namespace AivenMetrics.Lab.PlatformCli;

internal static class CommandExtensions
{
    /// <summary>Sets the action of a command, which runs in a <see cref="PlatformSession"/>.</summary>
    /// <param name="act">The action; returns whether the broker fulfilled the request.</param>
    /// <returns>The command.</returns>
    public static Command InSession(this Command command, Func<PlatformSession, ParseResult, CancellationToken, Task<bool>> act)
    {
        command.SetAction((parsed, ct) => PlatformSession.ExecuteAsync(parsed, session => act(session, parsed, ct)));
        return command;
    }
}
