using System.Globalization;
using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Parameters that were accepted before, as rows keep them.</summary>
internal static class BindParameters
{
    /// <summary>The services that an instance names for bindings that name none; empty: none.</summary>
    /// <param name="instanceParameters">JSON object of the instance's parameters.</param>
    public static IReadOnlyList<string> DefaultServices(string instanceParameters)
    {
        using var document = JsonDocument.Parse(instanceParameters);
        return PlanParameters.ForUpdate(PlanScope.Services, document.RootElement).Services ?? [];
    }

    /// <summary>How long the credentials of a binding were to work; null: not said.</summary>
    /// <param name="bindParameters">Of a binding of either plan.</param>
    public static TimeSpan? Life(JsonElement bindParameters) => PlanParameters.ForBind(PlanScope.Services, bindParameters).ExpiresIn;
}

/// <summary>How long credentials work.</summary>
/// <param name="longest">The default and the most; null: for ever.</param>
internal sealed class CredentialLives(TimeSpan? longest)
{
    // Platforms and people need time to replace a credential: a quarter of its life.
    private const double RenewAfter = 0.75;

    /// <summary>The life of new credentials; null: they never expire.</summary>
    /// <exception cref="OsbRefusal">More was asked than is allowed: 400.</exception>
    public CredentialLife? New(TimeSpan? asked, DateTimeOffset now) => asked > longest
        ? throw new OsbRefusal(OsbErrors.Invalid($"The parameter 'expires_in' must be at most {Text(longest.Value)}: that is how long this broker lets credentials live."))
        : Of(asked ?? longest, now);

    /// <summary>The life of credentials that replace others: as was asked for those, but no more than is allowed now.</summary>
    public CredentialLife? Carried(TimeSpan? asked, DateTimeOffset now) => Of(asked > longest ? longest : asked ?? longest, now);

    private static CredentialLife? Of(TimeSpan? life, DateTimeOffset now) =>
        life is { } span ? new CredentialLife(now + span, now + (span * RenewAfter)) : null;

    private static string Text(TimeSpan span) => span.Ticks % TimeSpan.TicksPerDay == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{span.Days}d")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}h");
}
