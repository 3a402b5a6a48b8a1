using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.RegularExpressions;
using AivenMetrics.Broker;
using AivenMetrics.Discovery;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Hosting.Configuration;
using AivenMetrics.Simulator;
using Xunit;

namespace AivenMetrics.Tests.Docs;

/// <summary>Tests that the tables of the operator's guide match the code.</summary>
public sealed partial class OperatorsGuideTests
{
    private static readonly string Guide = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "operators-guide.md"));

    [Fact]
    public void The_guide_lists_exactly_the_options_of_the_code()
    {
        string[] options =
        [
            "Broker:Listen",
            "Broker:InternalListen",
            "Discovery:InternalListen",
            "Gateway:Listen",
            "Gateway:Http2Listen",
            "Gateway:InternalListen",
            "Simulator:Listen",
            "Simulator:InternalListen",
            .. Keys(typeof(BrokerOptions), BrokerOptions.Section),
            .. Keys(typeof(DiscoveryOptions), DiscoveryOptions.Section),
            .. Keys(typeof(GatewayOptions), GatewayOptions.Section),
            .. Keys(typeof(SimulatorOptions), SimulatorOptions.Section),
        ];

        Assert.Equal(options.Order(StringComparer.Ordinal), Rows().Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_defaults_of_the_guide_equal_those_of_the_code()
    {
        var rows = Rows();
        (string Section, object Options)[] roles =
        [
            (BrokerOptions.Section, new BrokerOptions()),
            (DiscoveryOptions.Section, new DiscoveryOptions()),
            (GatewayOptions.Section, new GatewayOptions()),
            (SimulatorOptions.Section, new SimulatorOptions()),
            (
                $"{GatewayOptions.Section}:Plans:{TenantLimitsProvider.DefaultPlan}",
                Configured(new TenantLimits(TenantLimitsProvider.DefaultPlan))
            ),
        ];
        var defaults = roles.SelectMany(role => Defaults(role.Options, role.Section)).ToList();

        Assert.NotEmpty(defaults);
        Assert.All(defaults, option => Assert.Equal($"{option.Key} `{option.Value}`", $"{option.Key} {rows[option.Key]}"));
    }

    /// <summary>The guide states the bounds of the validation attributes in the words of the error messages.</summary>
    [Fact]
    public void The_ranges_of_the_guide_equal_those_of_the_validation_attributes()
    {
        var expected = Ranges(typeof(BrokerOptions), BrokerOptions.Section)
            .Concat(Ranges(typeof(DiscoveryOptions), DiscoveryOptions.Section))
            .Concat(Ranges(typeof(GatewayOptions), GatewayOptions.Section))
            .Concat(Ranges(typeof(SimulatorOptions), SimulatorOptions.Section))
            .GroupBy(option => option.Range)
            .Select(group => $"| {group.Key} | {string.Join(", ", group.Select(option => $"`{option.Key}`"))} |");

        var section = Guide[Guide.IndexOf("## Ranges of options", StringComparison.Ordinal)..];
        Assert.Equal(expected, section.Split('\n').Where(line => line.StartsWith('|')).Skip(2));
    }

    [Fact]
    public void Every_metric_of_the_code_is_in_the_guide()
    {
        string[] assemblies =
        [
            "AivenMetrics.Broker",
            "AivenMetrics.Feed",
            "AivenMetrics.Discovery",
            "AivenMetrics.Gateway",
            "AivenMetrics.Simulator",
        ];
        var metrics = assemblies
            .Select(name => Assembly.Load(name).Location)
            .SelectMany(path =>
                Metric()
                    .Matches(System.Text.Encoding.Unicode.GetString(File.ReadAllBytes(path)))
                    .Concat(Metric().Matches(System.Text.Encoding.Unicode.GetString(File.ReadAllBytes(path)[1..])))
            )
            .Select(match => match.Value)
            .Distinct()
            .ToList();

        Assert.True(metrics.Count > 20, $"found {metrics.Count} metrics; expected more than 20");
        Assert.All(metrics, metric => Assert.Contains($"`{metric}`", Guide, StringComparison.Ordinal));
    }

    private static Dictionary<string, string> Rows() =>
        Row().Matches(Guide).ToDictionary(row => row.Groups["key"].Value, row => row.Groups["default"].Value);

    private static IEnumerable<string> Keys(Type type, string path) =>
        type.GetProperties()
            .SelectMany(property =>
                Named(property.PropertyType) is { } named ? Keys(named, $"{path}:{property.Name}:default")
                : Element(property.PropertyType) is { } element
                    ? Leaf(element) ? [$"{path}:{property.Name}:0"]
                        : Keys(element, $"{path}:{property.Name}:0")
                : Leaf(property.PropertyType) ? [$"{path}:{property.Name}"]
                : Keys(property.PropertyType, $"{path}:{property.Name}")
            );

    private static IEnumerable<(string Key, string Range)> Ranges(Type type, string path) =>
        type.GetProperties()
            .SelectMany(property =>
                property.GetCustomAttribute<RangeAttribute>() is { } range ? [($"{path}:{property.Name}", OptionsValidator.Describe(range))]
                : Named(property.PropertyType) is { } named ? Ranges(named, $"{path}:{property.Name}:default")
                : Element(property.PropertyType) is not null || Leaf(property.PropertyType) ? []
                : Ranges(property.PropertyType, $"{path}:{property.Name}")
            );

    /// <summary>Returns the defaults that the tables state. Sentences of the catalog and empty values are omitted.</summary>
    private static IEnumerable<(string Key, string Value)> Defaults(object options, string path) =>
        options
            .GetType()
            .GetProperties()
            .SelectMany(property =>
                Element(property.PropertyType) is not null ? []
                : Leaf(property.PropertyType)
                    ? Shown(property.GetValue(options)) is { } text ? [($"{path}:{property.Name}", text)]
                        : []
                : Defaults(property.GetValue(options)!, $"{path}:{property.Name}")
            );

    /// <summary>Returns options that configure these limits.</summary>
    private static TenantLimitsOptions Configured(TenantLimits limits)
    {
        var options = new TenantLimitsOptions();
        foreach (var option in typeof(TenantLimitsOptions).GetProperties())
        {
            option.SetValue(options, typeof(TenantLimits).GetProperty(option.Name)!.GetValue(limits));
        }
        return options;
    }

    private static string? Shown(object? value) =>
        value switch
        {
            null or "" => null,
            string text when text.Count(character => character == ' ') > 3 => null,
            bool flag => flag ? "true" : "false",
            TimeSpan { Milliseconds: > 0 } time => time.ToString("g", null) is var text && text.StartsWith("0:", StringComparison.Ordinal)
                ? "0" + text
                : text,
            IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
            _ => value.ToString(),
        };

    /// <summary>Returns the value type of a dictionary of options. The guide describes these options under the name "default".</summary>
    private static Type? Named(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDictionary<,>) ? type.GetGenericArguments()[1] : null;

    private static bool Leaf(Type type) => type.IsValueType || type == typeof(string) || type == typeof(Uri);

    private static Type? Element(Type type) =>
        type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable)) ? type.GetGenericArguments()[0] : null;

    [GeneratedRegex(@"^\| `(?<key>[A-Z][A-Za-z]+(:[A-Za-z0-9]+)+)` \| (?<default>.*?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("aivenmetrics_(broker|feed|discovery|gateway|simulator|tenant)_[a-z_]+")]
    private static partial Regex Metric();
}
