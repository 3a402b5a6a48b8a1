using System.Text;
using AivenMetrics.Gateway.Configuration;
using NetArchTest.Rules;
using Xunit;

namespace AivenMetrics.Tests;

/// <summary>
/// The folders of the gateway form layers: the type references between them, method bodies included, are exactly the declared ones.
/// </summary>
public sealed class GatewayLayersTests
{
    private const string Root = "AivenMetrics.Gateway";

    /// <summary>Each folder with the folders that it references. A folder may reference only folders that stand above it.</summary>
    private static readonly (string Folder, string[] References)[] Layers =
    [
        ("Configuration", []),
        ("Telemetry", ["Configuration"]),
        ("PrometheusApi", ["Configuration"]),
        ("Routing", ["Configuration", "PrometheusApi"]),
        ("Authentication", ["Telemetry"]),
        ("Limits", ["Configuration", "PrometheusApi", "Authentication"]),
        ("Requests", ["PrometheusApi", "Routing", "Authentication", "Limits"]),
        ("Destinations", ["Configuration", "Telemetry"]),
        ("Forwarding", ["Configuration", "Telemetry", "PrometheusApi", "Routing", "Authentication", "Destinations"]),
        ("HealthChecks", ["Configuration", "Telemetry", "PrometheusApi", "Routing", "Destinations", "Forwarding"]),
        ("Scoping", ["Configuration", "PrometheusApi", "Routing", "Authentication", "Limits", "Requests", "Destinations", "Forwarding"]),
        (
            "Responses",
            ["Configuration", "PrometheusApi", "Routing", "Authentication", "Limits", "Requests", "Destinations", "Forwarding", "Scoping"]
        ),
        (
            "Pipeline",
            [
                "Configuration",
                "Telemetry",
                "PrometheusApi",
                "Routing",
                "Authentication",
                "Limits",
                "Requests",
                "Destinations",
                "Forwarding",
                "Scoping",
                "Responses",
            ]
        ),
    ];

    [Fact]
    public void Every_folder_of_the_gateway_is_a_declared_layer()
    {
        var folders = Types
            .InAssembly(typeof(GatewayOptions).Assembly)
            .GetTypes()
            .Select(type => type.Namespace ?? "")
            .Where(name => name.StartsWith(Root + ".", StringComparison.Ordinal))
            .Select(name => name[(Root.Length + 1)..]);

        Assert.Equal(Layers.Select(layer => layer.Folder).Order(StringComparer.Ordinal), folders.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_layer_references_only_layers_above_it()
    {
        for (var i = 0; i < Layers.Length; i++)
        {
            Assert.Subset(Layers[..i].Select(layer => layer.Folder).ToHashSet(), Layers[i].References.ToHashSet());
        }
    }

    [Fact]
    public void The_references_between_folders_are_the_declared_ones()
    {
        var expected = Describe((folder, other) => Array.IndexOf(Layers.Single(layer => layer.Folder == folder).References, other) >= 0);

        Assert.Equal(expected, Describe(References));
    }

    [Fact]
    public void No_folder_references_the_composition_in_the_root()
    {
        var assembly = typeof(GatewayOptions).Assembly;
        var composition = assembly
            .GetTypes()
            .Where(type => type.Namespace == Root && !type.IsNested)
            .Select(type => type.FullName!)
            .ToArray();

        Assert.NotEmpty(composition);
        foreach (var (folder, _) in Layers)
        {
            var result = Types
                .InAssembly(assembly)
                .That()
                .ResideInNamespace($"{Root}.{folder}")
                .ShouldNot()
                .HaveDependencyOnAny(composition)
                .GetResult();
            Assert.True(result.IsSuccessful, $"{folder} references the root through {string.Join(", ", result.FailingTypeNames ?? [])}");
        }
    }

    private static bool References(string folder, string other) =>
        !Types
            .InAssembly(typeof(GatewayOptions).Assembly)
            .That()
            .ResideInNamespace($"{Root}.{folder}")
            .ShouldNot()
            .HaveDependencyOn($"{Root}.{other}")
            .GetResult()
            .IsSuccessful;

    private static string Describe(Func<string, string, bool> references)
    {
        var text = new StringBuilder();
        foreach (var (folder, _) in Layers)
        {
            var others = Layers.Select(layer => layer.Folder).Where(other => other != folder && references(folder, other));
            text.AppendLine($"{folder}: {string.Join(' ', others)}");
        }

        return text.ToString();
    }
}
