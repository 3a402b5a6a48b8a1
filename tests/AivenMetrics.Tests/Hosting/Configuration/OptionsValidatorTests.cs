using System.ComponentModel.DataAnnotations;
using AivenMetrics.Hosting.Configuration;
using Xunit;

namespace AivenMetrics.Tests.Hosting.Configuration;

public sealed class OptionsValidatorTests
{
    [Fact]
    public void Valid_options_have_no_errors() => Assert.Empty(OptionsValidator.Validate(new OuterOptions { Name = "a" }, "Outer"));

    [Fact]
    public void Every_error_of_options_and_nested_options_starts_with_its_key()
    {
        var options = new OuterOptions
        {
            Count = 11,
            Inner = { Share = double.NaN },
            Items =
            {
                new InnerOptions(),
                new InnerOptions { Share = 2 },
            },
            Named = { ["blue"] = new InnerOptions { Share = -0.5 } },
        };

        Assert.Equal(
            [
                "Outer:Name is missing: set it to a name.",
                "Outer:Count is 11; it must be from 1 to 10.",
                "Outer:Inner:Share is NaN; it must be from 0 to 1: it is a part of the whole.",
                "Outer:Items:1:Share is 2; it must be from 0 to 1: it is a part of the whole.",
                "Outer:Named:blue:Share is -0.5; it must be from 0 to 1: it is a part of the whole.",
                "Outer:Count and Outer:Name do not fit.",
            ],
            OptionsValidator.Validate(options, "Outer")
        );
    }

    [Theory]
    [InlineData("00:00:00", "Outer:Timeout is 00:00:00; it must be more than 00:00:00 and at most 1.00:00:00.")]
    [InlineData("1.00:00:01", "Outer:Timeout is 1.00:00:01; it must be more than 00:00:00 and at most 1.00:00:00.")]
    public void The_bounds_of_a_time_span_have_the_format_of_the_option(string timeout, string error) =>
        Assert.Equal([error], OptionsValidator.Validate(new OuterOptions { Name = "a", Timeout = TimeSpan.Parse(timeout, null) }, "Outer"));

    [Fact]
    public void The_error_of_a_range_without_upper_bound_states_only_the_lower_bound() =>
        Assert.Equal(
            ["Outer:Limit is -1; it must be at least 0."],
            OptionsValidator.Validate(new OuterOptions { Name = "a", Limit = -1 }, "Outer")
        );

    private sealed class OuterOptions : IValidatableObject
    {
        [Required(ErrorMessage = "set it to a name")]
        public string? Name { get; set; }

        [Range(1, 10)]
        public int Count { get; set; } = 1;

        [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", MinimumIsExclusive = true)]
        public TimeSpan? Timeout { get; set; }

        [Range(0, int.MaxValue)]
        public int Limit { get; set; }

        public InnerOptions Inner { get; } = new();

        public IList<InnerOptions> Items { get; } = [];

        public IDictionary<string, InnerOptions> Named { get; } = new Dictionary<string, InnerOptions>();

        public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        {
            if (Count == 11)
            {
                yield return new ValidationResult("do not fit.", [nameof(Count), nameof(Name)]);
            }
        }
    }

    private sealed class InnerOptions
    {
        [Range(0.0, 1.0, ErrorMessage = "it is a part of the whole")]
        public double Share { get; set; }
    }
}
