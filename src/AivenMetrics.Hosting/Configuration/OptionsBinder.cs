using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace AivenMetrics.Hosting.Configuration;

/// <summary>
/// Binds a configuration section to an options class. It reports every error instead of the first one: unknown keys, which .NET's binder
/// ignores, and values that cannot be converted.
/// </summary>
internal static partial class OptionsBinder
{
    /// <summary>Binds all valid values. A value that cannot be converted is reported, and its option keeps the default.</summary>
    /// <param name="entries">The configuration as full keys and values.</param>
    /// <param name="section">The section to bind.</param>
    /// <param name="errors">Receives the errors.</param>
    /// <param name="others">Options of the section that are bound elsewhere; error messages list them too.</param>
    public static TOptions Bind<TOptions>(
        IReadOnlyDictionary<string, string> entries,
        string section,
        List<string> errors,
        params string[] others
    )
        where TOptions : new()
    {
        List<string> unusable = [];
        Check(Build(entries, []).GetSection(section), typeof(TOptions), errors, unusable, others);
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

    private static void Check(IConfigurationSection section, Type type, List<string> errors, List<string> unusable, params string[] others)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (!IsLeaf(type) && section.Value is { Length: > 0 })
        {
            errors.Add(
                $"{section.Path} is {(ElementType(type) is null ? "a section" : $"a list: give {section.Path}:0")}, not a single value."
            );
        }
        else if (ElementType(type) is { } element)
        {
            foreach (var child in section.GetChildren())
            {
                Check(child, element, errors, unusable);
            }
        }
        else if (IsLeaf(type))
        {
            CheckValue(section, type, errors, unusable);
        }
        else
        {
            CheckMembers(section, type, errors, unusable, others);
        }
    }

    private static void CheckMembers(IConfigurationSection section, Type type, List<string> errors, List<string> unusable, string[] others)
    {
        var properties = type.GetProperties()
            .Where(property => property.CanWrite || ElementType(property.PropertyType) is not null || !IsLeaf(property.PropertyType))
            .ToList();
        foreach (var child in section.GetChildren())
        {
            var property = properties.Find(candidate => candidate.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is not null)
            {
                Check(child, property.PropertyType, errors, unusable);
            }
            else if (child.Value is not null || child.GetChildren().Any())
            {
                errors.Add(
                    $"{child.Path} is not an option: remove it or correct its name. The options of {section.Path} are "
                        + $"{string.Join(", ", properties.Select(candidate => candidate.Name).Concat(others).Order())}."
                );
            }
        }
    }

    private static void CheckValue(IConfigurationSection section, Type type, List<string> errors, List<string> unusable)
    {
        if (section.GetChildren().Any())
        {
            errors.Add($"{section.Path} is a single value, not a section or a list.");
            unusable.AddRange(section.GetChildren().Select(child => child.Path));
        }
        else if (section.Value is { } value && !CanConvert(type, value))
        {
            errors.Add(DescribeError(section.Path, type, value));
            unusable.Add(section.Path);
        }
    }

    private static bool CanConvert(Type type, string value)
    {
        // .NET converts any number to an enum, even one without a name.
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

    /// <summary>Returns the error of a time span that .NET would read differently than intended; null if it is unambiguous.</summary>
    private static string? DescribeAmbiguousTimeSpan(string value) =>
        CorrectHours(value) is { } meant ? $"has more than 23 hours, which .NET would read as days: write {meant}"
        : CorrectNumber(value) is { } number ? $"is a number without a unit, which .NET would read as days: write {number}"
        : null;

    /// <summary>Returns a bare number as days and as seconds; null for other values, and for zero, which needs no unit.</summary>
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
    /// Returns a time span of more than 23 hours in the form that .NET parses correctly; null for other values. For <c>48:00:00</c> it
    /// returns <c>2.00:00:00</c>, because .NET parses 48 as days.
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
