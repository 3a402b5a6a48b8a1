using System.Globalization;

namespace AivenMetrics.Benchmarks;

/// <summary>Options of a load run, such as <c>--seconds 20</c>.</summary>
internal sealed class LoadOptions(string[] arguments)
{
    public int Number(string name, int otherwise) =>
        Array.IndexOf(arguments, "--" + name) is var at and >= 0 && at + 1 < arguments.Length
            ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture)
            : otherwise;

    public bool Flag(string name) => arguments.Contains("--" + name);
}
