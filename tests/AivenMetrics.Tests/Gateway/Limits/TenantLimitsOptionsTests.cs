using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Limits;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Limits;

/// <summary>Every option of a plan is applied: it changes the limit of the same name and no other.</summary>
public sealed class TenantLimitsOptionsTests
{
    public static TheoryData<string> Options => new(Names);

    private static IEnumerable<string> Names => typeof(TenantLimitsOptions).GetProperties().Select(option => option.Name);

    [Theory]
    [MemberData(nameof(Options))]
    public void An_option_sets_the_limit_of_the_same_name(string name)
    {
        var defaults = new TenantLimits("space");
        var value = Increase(Read(defaults, name));
        var options = new TenantLimitsOptions();
        typeof(TenantLimitsOptions).GetProperty(name)!.SetValue(options, value);

        var limits = defaults.ApplyOptions(options);

        Assert.All(Names, other => Assert.Equal(other == name ? value : Read(defaults, other), Read(limits, other)));
    }

    [Fact]
    public void Unset_options_keep_the_limits() =>
        Assert.Equal(new TenantLimits("space"), new TenantLimits("space").ApplyOptions(new TenantLimitsOptions()));

    private static object Read(TenantLimits limits, string name) => typeof(TenantLimits).GetProperty(name)!.GetValue(limits)!;

    private static object Increase(object value) =>
        value switch
        {
            int number => number + 1,
            long number => number + 1,
            TimeSpan time => time + TimeSpan.FromSeconds(1),
            _ => throw new ArgumentException($"Options of type {value.GetType().Name} are not supported.", nameof(value)),
        };
}
