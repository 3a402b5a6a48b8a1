using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace AivenMetrics.Hosting.Configuration;

/// <summary>
/// Validates bound options. It evaluates the validation attributes of every property, then the rules of
/// <see cref="IValidatableObject"/>, for the options and for everything nested in them: objects, lists and dictionaries. It reports all
/// errors instead of the first one.
/// </summary>
/// <remarks>
/// An error is a sentence that starts with the full configuration key. Attributes and rules supply only the part after the key:
/// <list type="bullet">
/// <item><see cref="RangeAttribute"/>: this class writes value and bounds. An error message becomes the reason.</item>
/// <item><see cref="RequiredAttribute"/>, <see cref="MinLengthAttribute"/>: the error message says how to set the option.</item>
/// <item>Every other attribute: the error message is the predicate, such as "must be a URL.".</item>
/// <item>A <see cref="ValidationResult"/>: its message is the predicate, its member names are relative to their object
/// (<c>Prometheus:0</c>). Two names become "A and B".</item>
/// </list>
/// </remarks>
internal static class OptionsValidator
{
    /// <summary>Returns all validation errors of options; an empty list if there are none.</summary>
    /// <param name="options">The options.</param>
    /// <param name="section">The configuration section that the options are bound from.</param>
    /// <param name="rules">Results of additional rules, with member names relative to the options; null for none.</param>
    public static IReadOnlyList<string> Validate(object options, string section, IEnumerable<ValidationResult>? rules = null)
    {
        List<string> errors = [];
        Validate(options, section, errors);
        errors.AddRange((rules ?? []).Select(result => Describe(result, section)));
        return errors;
    }

    private static string Describe(ValidationResult result, string section) =>
        $"{string.Join(" and ", result.MemberNames.Select(name => $"{section}:{name}").DefaultIfEmpty(section))} {result.ErrorMessage}";

    /// <summary>Returns the bounds of a range as part of a sentence, such as "from 1 to 10000" or "at least 0".</summary>
    public static string Describe(RangeAttribute range)
    {
        // RangeAttribute converts bounds that were given as text when it validates for the first time.
        _ = range.IsValid(null);
        var (minimum, maximum) = (Show(range.Minimum), Show(range.Maximum));
        var lower = range.MinimumIsExclusive ? $"more than {minimum}" : $"at least {minimum}";
        return IsUnbounded(range.Maximum) ? lower
            : range.MinimumIsExclusive ? $"{lower} and at most {maximum}"
            : $"from {minimum} to {maximum}";
    }

    private static void Validate(object options, string path, List<string> errors)
    {
        foreach (var property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var key = $"{path}:{property.Name}";
            var value = property.GetValue(options);
            errors.AddRange(
                property
                    .GetCustomAttributes<ValidationAttribute>()
                    .Where(attribute => !attribute.IsValid(value))
                    .Select(attribute => $"{key} {Describe(attribute, value)}")
            );
            ValidateNested(value, key, errors);
        }

        if (options is IValidatableObject rules)
        {
            errors.AddRange(rules.Validate(new ValidationContext(options) { DisplayName = path }).Select(result => Describe(result, path)));
        }
    }

    private static void ValidateNested(object? value, string key, List<string> errors)
    {
        if (value is null || OptionsBinder.IsLeaf(value.GetType()))
        {
            return;
        }

        if (value is IDictionary entries)
        {
            foreach (DictionaryEntry entry in entries)
            {
                ValidateNested(entry.Value, $"{key}:{entry.Key}", errors);
            }
        }
        else if (value is IEnumerable items)
        {
            foreach (var (index, item) in items.Cast<object?>().Index())
            {
                ValidateNested(item, $"{key}:{index}", errors);
            }
        }
        else
        {
            Validate(value, key, errors);
        }
    }

    private static string Describe(ValidationAttribute attribute, object? value) =>
        attribute switch
        {
            RangeAttribute range =>
                $"is {Show(value)}; it must be {Describe(range)}{(range.ErrorMessage is { } reason ? $": {reason}" : "")}.",
            RequiredAttribute => $"is missing: {attribute.ErrorMessage}.",
            MinLengthAttribute { Length: 1 } => $"is empty: {attribute.ErrorMessage}.",
            _ => attribute.ErrorMessage ?? throw new InvalidOperationException($"{attribute.GetType().Name} needs an error message."),
        };

    private static bool IsUnbounded(object maximum) =>
        maximum is int.MaxValue or long.MaxValue or double.MaxValue || (maximum is TimeSpan time && time == TimeSpan.MaxValue);

    private static string Show(object? value) =>
        value switch
        {
            TimeSpan time when time.Ticks % TimeSpan.TicksPerSecond != 0 => time.ToString("c", CultureInfo.InvariantCulture).TrimEnd('0'),
            TimeSpan time => time.ToString("c", CultureInfo.InvariantCulture),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value?.ToString() ?? "null",
        };
}
