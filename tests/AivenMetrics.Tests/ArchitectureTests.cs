using System.Reflection;
using System.Text.Json;
using AivenMetrics.Broker;
using NetArchTest.Rules;
using Xunit;

namespace AivenMetrics.Tests;

/// <summary>A project is a process with its own secrets or a guarantee of purity; these are the directions between them.</summary>
public sealed class ArchitectureTests
{
    [Theory]
    [InlineData("AivenMetrics.PromQL", "")]
    [InlineData("AivenMetrics.Feed", "")]
    [InlineData("AivenMetrics.Authentication", "")]
    [InlineData("AivenMetrics.Simulator", "")]
    [InlineData("AivenMetrics.StrictPlatform", "")]
    [InlineData("AivenMetrics.Discovery", "AivenMetrics.Feed")]
    [InlineData("AivenMetrics.Gateway", "AivenMetrics.Authentication AivenMetrics.Feed AivenMetrics.PromQL")]
    [InlineData("AivenMetrics.Broker", "AivenMetrics.Authentication AivenMetrics.Feed")]
    [InlineData("AivenMetrics.Hosting", "")]
    [InlineData(
        "aiven-metrics",
        "AivenMetrics.Authentication AivenMetrics.Broker AivenMetrics.Discovery AivenMetrics.Feed "
            + "AivenMetrics.Gateway AivenMetrics.Hosting"
    )]
    [InlineData("aiven-metrics-lab", "AivenMetrics.Feed AivenMetrics.Hosting AivenMetrics.Simulator AivenMetrics.StrictPlatform")]
    public void A_project_references_only_what_its_secrets_allow(string project, string allowed)
    {
        var referenced = Assembly
            .Load(project)
            .GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name =>
                name.StartsWith("AivenMetrics", StringComparison.Ordinal) || name.StartsWith("aiven-metrics", StringComparison.Ordinal)
            );

        Assert.Subset(allowed.Split(' ').ToHashSet(), referenced.ToHashSet());
    }

    /// <summary>An exact list: a program that an operator installs contains only what its roles need.</summary>
    [Fact]
    public void The_program_that_is_published_contains_nothing_of_the_laboratory()
    {
        using var dependencies = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "aiven-metrics.deps.json")));

        var projects = dependencies
            .RootElement.GetProperty("libraries")
            .EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "project")
            .Select(library => library.Name.Split('/')[0]);

        Assert.Equal(
            [
                "AivenMetrics.Authentication",
                "AivenMetrics.Broker",
                "AivenMetrics.Discovery",
                "AivenMetrics.Feed",
                "AivenMetrics.Gateway",
                "AivenMetrics.Hosting",
                "AivenMetrics.PromQL",
                "aiven-metrics",
            ],
            projects.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void The_PromQL_library_is_pure_it_references_the_base_library_only()
    {
        var referenced = Assembly.Load("AivenMetrics.PromQL").GetReferencedAssemblies().Select(reference => reference.Name!);

        Assert.All(referenced, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
        Assert.DoesNotContain(referenced, name =>
            name.StartsWith("System.Net", StringComparison.Ordinal) || name.StartsWith("System.IO", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("Aiven", "State Osb Reconciliation Feed Catalog")]
    [InlineData("State", "Aiven Osb Reconciliation Feed Catalog")]
    [InlineData("Catalog", "Aiven Osb Reconciliation Feed")]
    [InlineData("Osb", "Aiven Reconciliation Feed")]
    [InlineData("Reconciliation", "Osb Feed Catalog")]
    [InlineData("Feed", "Aiven Osb Reconciliation Catalog")]
    public void A_folder_of_the_broker_does_not_reference(string folder, string unknown)
    {
        string[] namespaces = [.. unknown.Split(' ').Select(name => $"AivenMetrics.Broker.{name}")];

        var result = Types
            .InAssembly(typeof(BrokerOptions).Assembly)
            .That()
            .ResideInNamespace($"AivenMetrics.Broker.{folder}")
            .ShouldNot()
            .HaveDependencyOnAny(namespaces)
            .GetResult();

        Assert.True(result.IsSuccessful, $"{folder} knows {unknown} through {string.Join(", ", result.FailingTypeNames ?? [])}");
    }
}
