using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>The outcome of a check.</summary>
internal enum CheckOutcome
{
    Passed,
    Violated,

    /// <summary>The broker does not offer the feature, or an option that the check needs is missing.</summary>
    NotApplicable,
}

/// <summary>A check of one observable property of a broker.</summary>
/// <param name="Requirement">The id of the requirement, see <see cref="Requirements"/>.</param>
/// <param name="Statement">The property of a conforming broker.</param>
internal sealed record Check(string Requirement, string Statement, Func<ConformanceContext, Task> Run);

/// <summary>The result of a check.</summary>
/// <param name="Observations">The observed violations, or the reason why the check does not apply.</param>
internal sealed record CheckResult(Requirement Requirement, string Statement, CheckOutcome Outcome, IReadOnlyList<string> Observations);

/// <summary>Ends a check that does not apply to this broker or these options.</summary>
internal sealed class NotApplicableException(string why) : Exception(why);

/// <summary>Ends a check because one of its steps failed.</summary>
internal sealed class ViolationException(string seen) : Exception(seen);
