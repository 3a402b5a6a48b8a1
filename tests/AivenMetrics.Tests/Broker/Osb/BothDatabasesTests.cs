using System.Reflection;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>Every test of the broker's API runs on both databases.</summary>
public sealed class BothDatabasesTests
{
    [Fact]
    public void Every_test_that_has_a_broker_runs_on_sqlite_and_on_postgres()
    {
        var classes = typeof(BothDatabasesTests)
            .Assembly.GetTypes()
            .Where(type => !type.IsNested && HasTests(type) && HasBroker(type))
            .ToList();

        Assert.True(classes.Count > 10, $"found {classes.Count}");
        Assert.All(classes, type =>
            Assert.True(
                type.IsAbstract && Runs(type, "OnSqlite") && Runs(type, "OnPostgres"),
                $"{type.Name} must be abstract, with the sealed classes OnSqlite and OnPostgres in it."
            )
        );
    }

    private static bool HasTests(Type type) => type.GetMethods().Any(method => method.GetCustomAttributes<FactAttribute>().Any());

    private static bool HasBroker(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic).Any(field => field.FieldType.IsAssignableTo(typeof(BrokerHost)));

    private static bool Runs(Type type, string name) => type.GetNestedType(name) is { IsSealed: true } nested && nested.BaseType == type;
}
