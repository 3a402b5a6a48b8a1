using AivenMetrics.Hosting.Configuration;
using Xunit;

namespace AivenMetrics.Tests.Hosting.Configuration;

public sealed class OptionsBinderTests
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

        var sample = OptionsBinder.Bind<Sample>(
            Entries(
                ("R:Name", "x"),
                ("R:Budget", "00:00:05"),
                ("R:Port", "8080"),
                ("R:Mode", "AllEligible"),
                ("R:Nested:ApiUrl", "http://127.0.0.1:1"),
                ("R:Nested:Projects:0", "p1"),
                ("R:Nested:Projects:1", "p2")
            ),
            "R",
            faults
        );

        Assert.Empty(faults);
        Assert.Equal(("x", TimeSpan.FromSeconds(5), 8080, Mode.AllEligible), (sample.Name, sample.Budget, sample.Port, sample.Mode));
        Assert.Equal("http://127.0.0.1:1/", sample.Nested.ApiUrl!.ToString());
        Assert.Equal(["p1", "p2"], sample.Nested.Projects);
    }

    [Fact]
    public void All_errors_are_reported_together_with_their_keys()
    {
        List<string> faults = [];

        var sample = OptionsBinder.Bind<Sample>(
            Entries(
                ("R:Budget", "soon"),
                ("R:Port", "many"),
                ("R:Mode", "Sometimes"),
                ("R:Nested:ApiUrl", "not a url"),
                ("R:Nmae", "typing error")
            ),
            "R",
            faults
        );

        Assert.Equal(5, faults.Count);
        Assert.Contains(faults, fault => fault.StartsWith("R:Budget must be a time span", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("R:Port must be a number", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("R:Mode must be one of Bound, AllEligible", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("R:Nested:ApiUrl must be an absolute URL", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("R:Nmae is not an option", StringComparison.Ordinal));
        Assert.Equal(TimeSpan.FromSeconds(20), sample.Budget);
    }

    /// <summary>.NET converts any number, and a list of names, to an enum.</summary>
    [Theory]
    [InlineData("9")]
    [InlineData("1")]
    [InlineData("Bound, AllEligible")]
    public void A_value_that_is_not_an_enum_name_is_an_error_that_lists_the_names(string value)
    {
        List<string> faults = [];

        var sample = OptionsBinder.Bind<Sample>(Entries(("R:Mode", value)), "R", faults);

        Assert.Equal("R:Mode must be one of Bound, AllEligible.", Assert.Single(faults));
        Assert.Equal(Mode.Bound, sample.Mode);
    }

    [Fact]
    public void Enum_names_are_not_case_sensitive()
    {
        List<string> faults = [];

        Assert.Equal(Mode.AllEligible, OptionsBinder.Bind<Sample>(Entries(("R:Mode", "alleligible")), "R", faults).Mode);
        Assert.Empty(faults);
    }

    /// <summary>.NET parses the hours of these values as days.</summary>
    [Theory]
    [InlineData("48:00:00", "2.00:00:00")]
    [InlineData("24:00:00", "1.00:00:00")]
    [InlineData("100:30:15.5", "4.04:30:15.5")]
    [InlineData("-36:00", "-1.12:00")]
    public void More_than_23_hours_without_days_are_an_error_with_the_correct_form(string value, string meant)
    {
        List<string> faults = [];

        var sample = OptionsBinder.Bind<Sample>(Entries(("R:Budget", value)), "R", faults);

        Assert.Equal($"R:Budget has more than 23 hours, which .NET would read as days: write {meant}.", Assert.Single(faults));
        Assert.Equal(TimeSpan.FromSeconds(20), sample.Budget);
    }

    /// <summary>.NET parses these values as days.</summary>
    [Theory]
    [InlineData("93", "93.00:00:00 for days, or 00:01:33 for seconds")]
    [InlineData(" 3600 ", "3600.00:00:00 for days, or 01:00:00 for seconds")]
    [InlineData("-1", "-1.00:00:00 for days, or -00:00:01 for seconds")]
    public void A_number_without_a_unit_is_an_error_with_the_correct_forms(string value, string meant)
    {
        List<string> faults = [];

        var sample = OptionsBinder.Bind<Sample>(Entries(("R:Budget", value)), "R", faults);

        Assert.Equal($"R:Budget is a number without a unit, which .NET would read as days: write {meant}.", Assert.Single(faults));
        Assert.Equal(TimeSpan.FromSeconds(20), sample.Budget);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("23:59:59", 86399)]
    [InlineData("2.00:00:00", 172800)]
    [InlineData("00:00:30", 30)]
    public void Hours_up_to_23_with_or_without_days_are_accepted(string value, int seconds)
    {
        List<string> faults = [];

        Assert.Equal(TimeSpan.FromSeconds(seconds), OptionsBinder.Bind<Sample>(Entries(("R:Budget", value)), "R", faults).Budget);
        Assert.Empty(faults);
    }

    [Fact]
    public void A_section_in_place_of_a_value_is_an_error()
    {
        List<string> faults = [];

        OptionsBinder.Bind<Sample>(Entries(("R:Port:Number", "1")), "R", faults);

        Assert.Equal("R:Port is a single value, not a section or a list.", Assert.Single(faults));
    }

    private static Dictionary<string, string> Entries(params (string Key, string Value)[] entries) =>
        entries.ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.OrdinalIgnoreCase);
}
