using AivenMetrics.Acceptance.Crashes;
using AivenMetrics.Acceptance.Demo;
using AivenMetrics.Acceptance.Gateway;
using AivenMetrics.Acceptance.PlatformCli;
using AivenMetrics.Acceptance.Secrets;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(AivenMetrics.Acceptance.Support.LongestFirstOrderer))]

namespace AivenMetrics.Acceptance.Support;

/// <summary>Starts the classes that take longest first, so that none of them runs alone at the end.</summary>
public sealed class LongestFirstOrderer : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        nameof(RetryAfterCrashTests),
        nameof(DemoTests),
        nameof(RestartCollection),
        nameof(OrphanMitigationAfterCrashTests),
        nameof(SpacePlanConformanceTests),
        nameof(ServicesPlanConformanceTests),
        nameof(SecretsTests),
        nameof(TwoReplicasTests),
    ];

    /// <inheritdoc />
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderBy(Rank)];

    private static int Rank<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var rank = Array.FindIndex(Longest, name => collection.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal));
        return rank < 0 ? Longest.Length : rank;
    }
}
