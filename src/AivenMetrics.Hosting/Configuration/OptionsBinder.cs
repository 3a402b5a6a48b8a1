using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace AivenMetrics.Hosting.Configuration;

/// <summary>
/// Binds a configuration section to an options class and reports every fault instead of the first one:
/// keys that no option has (a typing error would otherwise be silent) and values that do not convert.
/// </summary>
internal static partial class OptionsBinder
{
    /// <summary>Binds what can be bound; values that cannot be converted are left at their defaults and reported.</summary>
    /// <param name="entries">All keys and their values.</param>
    /// <param name="section">The section to bind.</param>
    /// <param name="faults">Gets what is wrong.</param>
    /// <param name="others">Options of the section that are bound elsewhere, to be named among those that it has.</param>
    public static TOptions Bind<TOptions>(
        IReadOnlyDictionary<string, string> entries,
        string section,
        List<string> faults,
        params string[] others
    )
        where TOptions : new()
    {
        List<string> unusable = [];
        Check(Build(entries, []).GetSection(section), typeof(TOptions), faults, unusable, others);
        return Build(entries, unusable).GetSection(section).Get<TOptions>() ?? new TOptions();
    }

    private static IConfigurationRoot Build(IReadOnlyDictionary<string, string> entries, List<string> without) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                entries
                    .Where(entry => !without.Contains(entry.Key, StringComparer.OrdinalIgnoreCase))
                    .Select(entry => KeyValuePair.Create(entry.Key, (string?)entry.Value))
            )
            .Build();

    private static void Check(IConfigurationSection section, Type type, List<string> faults, List<string> unusable, params string[] others)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (!IsLeaf(type) && section.Value is { Length: > 0 })
        {
            faults.Add(
                $"{section.Path} is {(ElementType(type) is null ? "a section" : $"a list: give {section.Path}:0")}, not a single value."
            );
        }
        else if (ElementType(type) is { } element)
        {
            foreach (var child in section.GetChildren())
            {
                Check(child, element, faults, unusable);
            }
        }
        else if (IsLeaf(type))
        {
            CheckValue(section, type, faults, unusable);
        }
        else
        {
            CheckMembers(section, type, faults, unusable, others);
        }
    }

    private static void CheckMembers(IConfigurationSection section, Type type, List<string> faults, List<string> unusable, string[] others)
    {
        var properties = type.GetProperties()
            .Where(property => property.CanWrite || ElementType(property.PropertyType) is not null || !IsLeaf(property.PropertyType))
            .ToList();
        foreach (var child in section.GetChildren())
        {
            var property = properties.Find(candidate => candidate.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is not null)
            {
                Check(child, property.PropertyType, faults, unusable);
            }
            else if (child.Value is not null || child.GetChildren().Any())
            {
                faults.Add(
                    $"{child.Path} is not an option: remove it or correct its name. {section.Path} has {string.Join(", ", properties.Select(candidate => candidate.Name).Concat(others).Order())}."
                );
            }
        }
    }

    private static void CheckValue(IConfigurationSection section, Type type, List<string> faults, List<string> unusable)
    {
        if (section.GetChildren().Any())
        {
            faults.Add($"{section.Path} is a single value, not a section or a list.");
            unusable.AddRange(section.GetChildren().Select(child => child.Path));
        }
        else if (section.Value is { } value && !CanConvert(type, value))
        {
            faults.Add(DescribeError(section.Path, type, value));
            unusable.Add(section.Path);
        }
    }

    private static bool CanConvert(Type type, string value)
    {
        // .NET takes any number for an enum, also one that no name has.
        if (type.IsEnum && !Enum.GetNames(type).Contains(value.Trim(), StringComparer.OrdinalIgnoreCase))
        {
            return false;
        }

        if (type == typeof(TimeSpan) && DescribeAmbiguousTimeSpan(value) is not null)
        {
            return false;
        }

        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, value)
                is not Uri { IsAbsoluteUri: false };
        }
        catch (Exception exception)
            when (exception is FormatException or ArgumentException or NotSupportedException or OverflowException or InvalidCastException)
        {
            return false;
        }
    }

    private static string DescribeError(string path, Type type, string value) =>
        type == typeof(TimeSpan) && DescribeAmbiguousTimeSpan(value) is { } misread
            ? $"{path} {misread}."
            : $"{path} must be {DescribeType(type)}.";

    /// <summary>Why a time span would not be read as it was meant, and how to write it; null where there is no such danger.</summary>
    private static string? DescribeAmbiguousTimeSpan(string value) =>
        CorrectHours(value) is { } meant ? $"has more than 23 hours, which would be read as days: write {meant}"
        : CorrectNumber(value) is { } number ? $"is a number without a unit, which would be read as days: write {number}"
        : null;

    /// <summary>How to write a bare number as days and as seconds; null for all else, and for zero, which needs no unit.</summary>
    private static string? CorrectNumber(string value) =>
        int.TryParse(
            value,
            NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out var number
        )
        && number != 0
            ? string.Create(CultureInfo.InvariantCulture, $"{number}.00:00:00 for days, or {TimeSpan.FromSeconds(number):c} for seconds")
            : null;

    /// <summary>
    /// The right way to write a time span whose hours .NET would take for days, as it does with all above 23: <c>2.00:00:00</c> for
    /// <c>48:00:00</c>. Null where there is no such danger.
    /// </summary>
    private static string? CorrectHours(string value)
    {
        var match = HoursFirst().Match(value);
        return match.Success && int.TryParse(match.Groups["hours"].Value, CultureInfo.InvariantCulture, out var hours) && hours > 23
            ? $"{match.Groups["sign"].Value}{hours / 24}.{hours % 24:00}{match.Groups["rest"].Value}"
            : null;
    }

    [GeneratedRegex(@"^\s*(?<sign>-?)(?<hours>[0-9]+)(?<rest>:[0-9]+(:[0-9.]+)?)\s*$")]
    private static partial Regex HoursFirst();

    private static string DescribeType(Type type) =>
        type switch
        {
            _ when type == typeof(TimeSpan) => "a time span such as 00:00:30",
            _ when type == typeof(Uri) => "an absolute URL",
            _ when type == typeof(bool) => "true or false",
            { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(type))}",
            _ => "a number",
        };

    internal static bool IsLeaf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsPrimitive
            || type.IsEnum
            || type == typeof(string)
            || type == typeof(TimeSpan)
            || type == typeof(Uri)
            || type == typeof(DateTimeOffset)
            || type == typeof(decimal);
    }

    private static Type? ElementType(Type type) =>
        type.IsArray ? type.GetElementType()
        : type != typeof(string) && type.IsGenericType && type.IsAssignableTo(typeof(System.Collections.IEnumerable))
            ? type.GetGenericArguments()[^1]
        : null;
}
