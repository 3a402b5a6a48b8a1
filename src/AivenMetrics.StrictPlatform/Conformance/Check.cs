using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>How a check ended.</summary>
internal enum CheckOutcome
{
    Passed,
    Violated,

    /// <summary>The broker does not offer what the check is about, or what the check needs was not given.</summary>
    NotApplicable,
}

/// <summary>One thing that can be seen of a broker from outside.</summary>
/// <param name="Requirement">The requirement that it is about, see <see cref="Requirements"/>.</param>
/// <param name="Statement">What holds for a broker that conforms.</param>
internal sealed record Check(string Requirement, string Statement, Func<ConformanceContext, Task> Run);

/// <summary>The result of a check.</summary>
/// <param name="Observations">What was seen instead, or why it does not apply.</param>
internal sealed record CheckResult(Requirement Requirement, string Statement, CheckOutcome Outcome, IReadOnlyList<string> Observations);

/// <summary>Ends a check that cannot be carried out with this broker or these options.</summary>
internal sealed class NotApplicableException(string why) : Exception(why);

/// <summary>Ends a check because what it builds on failed.</summary>
internal sealed class ViolationException(string seen) : Exception(seen);
