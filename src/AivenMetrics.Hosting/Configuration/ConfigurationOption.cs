using System.CommandLine;
using System.Text.RegularExpressions;

namespace AivenMetrics.Hosting.Configuration;

/// <summary>
/// A command-line option that sets a configuration key. Options win over environment variables, which win over the file.
/// Secrets have no such option: argv is readable by every user of a machine. They have one for a file that holds them.
/// </summary>
/// <param name="Name">The option's name, such as <c>--gateway-url</c>.</param>
/// <param name="Key">The configuration key below the role's section, such as <c>Aiven:ApiUrl</c>.</param>
/// <param name="Help">What it does, with unit and default.</param>
/// <param name="Repeatable">True: may be given several times; sets <c>Key:0</c>, <c>Key:1</c>, …</param>
internal sealed partial record ConfigurationOption(string Name, string Key, string Help, bool Repeatable = false)
{
    private readonly Option<string[]> _many = new(Name) { Description = $"{Help} May be repeated.", HelpName = "value" };
    private readonly Option<string?> _one = new(Name) { Description = Help, HelpName = "value" };

    /// <summary>The option to add to a command.</summary>
    public Option Option => Repeatable ? _many : _one;

    /// <summary>Sets what the parsed command line gives; a list that is given replaces the whole list of the file.</summary>
    public void Apply(ParseResult parsed, string section, Dictionary<string, string> entries, List<string> faults)
    {
        var key = $"{section}:{Key}";
        if (!Repeatable && parsed.GetValue(_one) is { } given)
        {
            entries[key] = given;
            CheckForSecret(given, faults);
        }
        else if (Repeatable && parsed.GetValue(_many) is { Length: > 0 } values)
        {
            foreach (
                var old in entries.Keys.Where(candidate => candidate.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase)).ToList()
            )
            {
                entries.Remove(old);
            }

            foreach ((var index, var value) in values.Index())
            {
                entries[$"{key}:{index}"] = value;
                CheckForSecret(value, faults);
            }
        }
    }

    private void CheckForSecret(string value, List<string> faults)
    {
        if (Secret().IsMatch(value))
        {
            faults.Add(
                $"{Name} holds a password, and a command line is readable by every user of the machine: use the file, the environment or, for --database, --database-file."
            );
        }
    }

    [GeneratedRegex(@"(password|pwd)\s*=|://[^/@\s]*:[^/@\s]*@", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
