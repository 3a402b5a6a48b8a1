using AivenMetrics.Configuration;
using Xunit;

namespace AivenMetrics.Tests.Configuration;

public sealed class OptionsBindingTests
{
    private enum Mode
    {
        Bound,
        AllEligible,
    }

    private sealed class Nested
    {
        public Uri? ApiUrl { get; set; }

        public IList<string> Projects { get; } = [];
    }

    private sealed class Sample
    {
        public string Name { get; set; } = "default";

        public TimeSpan Budget { get; set; } = TimeSpan.FromSeconds(20);

        public int Port { get; set; } = 1;

        public Mode Mode { get; set; }

        public Nested Nested { get; } = new();
    }

    [Fact]
    public void Values_of_every_kind_are_bound()
    {
        List<string> faults = [];

        Sample sample = OptionsBinding.Bind<Sample>(Entries(
            ("R:Name", "x"), ("R:Budget", "00:00:05"), ("R:Port", "8080"), ("R:Mode", "AllEligible"),
            ("R:Nested:ApiUrl", "http://127.0.0.1:1"), ("R:Nested:Projects:0", "p1"), ("R:Nested:Projects:1", "p2")), "R", faults);

        Assert.Empty(faults);
        Assert.Equal(("x", TimeSpan.FromSeconds(5), 8080, Mode.AllEligible), (sample.Name, sample.Budget, sample.Port, sample.Mode));
        Assert.Equal("http://127.0.0.1:1/", sample.Nested.ApiUrl!.ToString());
        Assert.Equal(["p1", "p2"], sample.Nested.Projects);
    }

    [Fact]
    public void All_faults_are_reported_together_and_name_their_key()
    {
        List<string> faults = [];

        Sample sample = OptionsBinding.Bind<Sample>(Entries(
            ("R:Budget", "soon"), ("R:Port", "many"), ("R:Mode", "Sometimes"), ("R:Nested:ApiUrl", "not a url"), ("R:Nmae", "typing error")), "R", faults);

        Assert.Equal(5, faults.Count);
        Assert.Contains(faults, fault => fault.StartsWith("R:Budget must be a time span", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("R:Port must be a number", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("R:Mode must be one of Bound, AllEligible", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("R:Nested:ApiUrl must be an absolute URL", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("R:Nmae is not an option", StringComparison.Ordinal));
        Assert.Equal(TimeSpan.FromSeconds(20), sample.Budget);
    }

    [Fact]
    public void A_section_where_a_value_belongs_is_a_fault()
    {
        List<string> faults = [];

        OptionsBinding.Bind<Sample>(Entries(("R:Port:Number", "1")), "R", faults);

        Assert.Equal("R:Port is a single value, not a section or a list.", Assert.Single(faults));
    }

    private static Dictionary<string, string> Entries(params (string Key, string Value)[] entries) =>
        entries.ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.OrdinalIgnoreCase);
}
