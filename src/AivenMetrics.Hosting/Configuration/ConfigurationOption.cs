using System.CommandLine;
using System.Text.RegularExpressions;

namespace AivenMetrics.Hosting.Configuration;

/// <summary>
/// A command-line option that sets a configuration key. Options override environment variables, which override the file. Secrets have no
/// option of their own, only an option for a file, because every user of a machine can read its command lines.
/// </summary>
/// <param name="Name">The option's name, such as <c>--gateway-url</c>.</param>
/// <param name="Key">The configuration key below the section of the role, such as <c>Aiven:ApiUrl</c>.</param>
/// <param name="Help">The description for <c>--help</c>, with unit and default.</param>
/// <param name="Repeatable">True if it can be given several times; it then sets <c>Key:0</c>, <c>Key:1</c>, …</param>
internal sealed partial record ConfigurationOption(string Name, string Key, string Help, bool Repeatable = false)
{
    private readonly Option<string[]> _many = new(Name) { Description = $"{Help} May be repeated.", HelpName = "value" };
    private readonly Option<string?> _one = new(Name) { Description = Help, HelpName = "value" };

    /// <summary>The option to add to a command.</summary>
    public Option Option => Repeatable ? _many : _one;

    /// <summary>Adds the values of the command line to the configuration. A list replaces the whole list of the file.</summary>
    public void Apply(ParseResult parsed, string section, Dictionary<string, string> entries, List<string> errors)
    {
        var key = $"{section}:{Key}";
        if (!Repeatable && parsed.GetValue(_one) is { } given)
        {
            entries[key] = given;
            CheckForSecret(given, errors);
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
                CheckForSecret(value, errors);
            }
        }
    }

    private void CheckForSecret(string value, List<string> errors)
    {
        if (Secret().IsMatch(value))
        {
            errors.Add(
                $"{Name} contains a password, and every user of the machine can read command lines: use the configuration file, "
                    + "the environment or, for --database, --database-file."
            );
        }
    }

    [GeneratedRegex(@"(password|pwd)\s*=|://[^/@\s]*:[^/@\s]*@", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
