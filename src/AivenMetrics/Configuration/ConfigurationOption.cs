using System.CommandLine;

namespace AivenMetrics.Configuration;

/// <summary>
/// A command-line option that sets a configuration key. Options win over environment variables, which win over the file.
/// Secrets have no such option: argv is readable by every user of a machine. They have one for a file that holds them.
/// </summary>
/// <param name="Name">The option's name, such as <c>--gateway-url</c>.</param>
/// <param name="Key">The configuration key below the role's section, such as <c>Aiven:ApiUrl</c>.</param>
/// <param name="Help">What it does, with unit and default.</param>
/// <param name="Repeatable">True: may be given several times; sets <c>Key:0</c>, <c>Key:1</c>, …</param>
internal sealed record ConfigurationOption(string Name, string Key, string Help, bool Repeatable = false)
{
    private Option<string[]>? option;

    public Option<string[]> Option => option ??= new Option<string[]>(Name)
    {
        Description = Repeatable ? $"{Help} May be repeated." : Help,
        Arity = Repeatable ? ArgumentArity.OneOrMore : ArgumentArity.ExactlyOne,
        HelpName = "value",
    };

    /// <summary>The configuration entries that the parsed command line sets.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Entries(ParseResult parsed, string section)
    {
        string[] values = parsed.GetValue(Option) ?? [];
        return Repeatable
            ? values.Select((value, index) => KeyValuePair.Create($"{section}:{Key}:{index}", (string?)value))
            : values.Select(value => KeyValuePair.Create($"{section}:{Key}", (string?)value));
    }
}
