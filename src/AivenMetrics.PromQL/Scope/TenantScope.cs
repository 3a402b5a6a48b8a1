namespace AivenMetrics.PromQL;

/// <summary>
/// The label matchers that decide which series a tenant may see; all of them must hold. A scope without matchers is <see cref="Nothing"/>:
/// it selects no series, never all.
/// </summary>
public sealed class TenantScope
{
    private const string NothingLabel = "aivenmetrics_scope";

    /// <summary>The scope that no series can be in: two matchers that ask for two values of one label.</summary>
    public static readonly TenantScope Nothing = new([]);

    private readonly ValueList<LabelMatcher> _matchers;

    /// <summary>Makes a scope of matchers that must all hold.</summary>
    /// <param name="matchers">
    /// Matchers of type <see cref="MatchType.Equal"/> or <see cref="MatchType.Regex"/>; none for <see cref="Nothing"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A matcher could let in series that carry no such label, or cannot be written; the message lists all of <see cref="Validate"/>. Whoever
    /// reads
    /// scopes from outside treats a credential with such a scope as <see cref="Nothing"/>.
    /// </exception>
    public TenantScope(IReadOnlyList<LabelMatcher> matchers)
    {
        ArgumentNullException.ThrowIfNull(matchers);
        var faults = Validate(matchers);
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(" ", faults), nameof(matchers));
        }
        this._matchers =
            matchers.Count > 0 ? [.. matchers] : [new(NothingLabel, MatchType.Equal, "no"), new(NothingLabel, MatchType.Equal, "series")];
        Text = string.Join(',', this._matchers.Select(Printer.Print));
    }

    /// <summary>The matchers that every selector of the tenant gets; at least one.</summary>
    public IReadOnlyList<LabelMatcher> Matchers => _matchers;

    internal ValueList<LabelMatcher> EnforcedMatchers => _matchers;

    /// <summary>The matchers as they are printed between braces.</summary>
    internal string Text { get; }

    /// <summary>A selector of all series in the scope, for questions that name none.</summary>
    public VectorSelector Selector => new(null, _matchers);

    /// <summary>What is wrong with matchers as a scope, one sentence each; none for a good scope.</summary>
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
            return $"The scope's label {label} is no label name.";
        }
        if (matcher.Name == "__name__")
        {
            return "The scope's label \"__name__\" is the metric name, which belongs to the query.";
        }
        if (matcher.Type is not (MatchType.Equal or MatchType.Regex))
        {
            return $"The scope's matcher on {label} must say which values are in, with = or =~.";
        }
        if (Literals.HasLoneSurrogate(matcher.Value))
        {
            return $"The scope's value for {label} is not valid text.";
        }
        if (matcher.Type == MatchType.Equal)
        {
            return matcher.Value.Length == 0 ? $"The scope's value for {label} is empty and would let in series without the label." : null;
        }

        var regex = MatcherRegex.Check(matcher.Value);
        if (regex.Error is not null)
        {
            return $"The scope's expression for {label} is not RE2: {regex.Error}.";
        }
        return regex.MatchesEmpty
            ? $"The scope's expression for {label} matches the empty value and would let in series without the label."
            : null;
    }
}
