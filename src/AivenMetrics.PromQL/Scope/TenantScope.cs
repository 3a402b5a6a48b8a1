namespace AivenMetrics.PromQL;

/// <summary>
/// The label matchers that restrict a tenant to its series; a series must satisfy all of them. A scope without matchers is <see
/// cref="Nothing"/>: it matches no series.
/// </summary>
public sealed class TenantScope
{
    private const string NothingLabel = "aivenmetrics_scope";

    /// <summary>The scope that matches no series: it requires two different values of the same label.</summary>
    public static readonly TenantScope Nothing = new([]);

    private readonly ValueList<LabelMatcher> _matchers;

    /// <summary>Creates a scope from matchers. A series must satisfy all of them.</summary>
    /// <param name="matchers">
    /// Matchers of type <see cref="MatchType.Equal"/> or <see cref="MatchType.Regex"/>. An empty list makes <see cref="Nothing"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A matcher would match series without its label, or cannot be written as PromQL. The message contains all errors of <see
    /// cref="Validate"/>. Callers that read scopes from a file or a feed use <see cref="Nothing"/> for such a credential.
    /// </exception>
    public TenantScope(IReadOnlyList<LabelMatcher> matchers)
    {
        ArgumentNullException.ThrowIfNull(matchers);
        var faults = Validate(matchers);
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(" ", faults), nameof(matchers));
        }
        _matchers =
            matchers.Count > 0 ? [.. matchers] : [new(NothingLabel, MatchType.Equal, "no"), new(NothingLabel, MatchType.Equal, "series")];
        Text = string.Join(',', _matchers.Select(Printer.Print));
    }

    /// <summary>The matchers that are added to every selector of the tenant; at least one.</summary>
    public IReadOnlyList<LabelMatcher> Matchers => _matchers;

    internal ValueList<LabelMatcher> EnforcedMatchers => _matchers;

    /// <summary>The matchers as text, as between braces.</summary>
    internal string Text { get; }

    /// <summary>A selector for all series in the scope, for requests without a selector.</summary>
    public VectorSelector Selector => new(null, _matchers);

    /// <summary>Validates matchers as a scope. Returns one sentence per error; an empty list if the scope is valid.</summary>
    public static IReadOnlyList<string> Validate(IReadOnlyList<LabelMatcher> matchers)
    {
        ArgumentNullException.ThrowIfNull(matchers);
        return [.. matchers.Select(ValidateMatcher).OfType<string>()];
    }

    private static string? ValidateMatcher(LabelMatcher? matcher)
    {
        if (matcher?.Name is null || matcher.Value is null)
        {
            return "A matcher of the scope is missing its label or its value.";
        }
        var label = Printer.Quote(matcher.Name);
        if (!LabelMatcher.IsLabelName(matcher.Name))
        {
            return $"The scope's label {label} is not a valid label name.";
        }
        if (matcher.Name == "__name__")
        {
            return "The scope's label \"__name__\" is the metric name, which belongs to the query.";
        }
        if (matcher.Type is not (MatchType.Equal or MatchType.Regex))
        {
            return $"The scope's matcher on {label} must have the type = or =~.";
        }
        if (Literals.HasLoneSurrogate(matcher.Value))
        {
            return $"The scope's value for {label} is not valid UTF-8.";
        }
        if (matcher.Type == MatchType.Equal)
        {
            return matcher.Value.Length == 0
                ? $"The scope's value for {label} is empty, which would match series without the label."
                : null;
        }

        var regex = MatcherRegex.Check(matcher.Value);
        if (regex.Error is not null)
        {
            return $"The scope's expression for {label} is not a valid RE2 expression: {regex.Error}.";
        }
        return regex.MatchesEmpty
            ? $"The scope's expression for {label} matches the empty value, which would match series without the label."
            : null;
    }
}
