using System.Globalization;
using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Parameters that were accepted before, as rows keep them.</summary>
internal static class StoredParameters
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
    public static TimeSpan? Lifetime(JsonElement bindParameters) => PlanParameters.ForBind(PlanScope.Services, bindParameters).ExpiresIn;
}

/// <summary>How long credentials work.</summary>
/// <param name="maximum">The default and the most; null: for ever.</param>
internal sealed class CredentialLifetimePolicy(TimeSpan? maximum)
{
    // Platforms and people need time to replace a credential: a quarter of its life.
    private const double RenewAfterFraction = 0.75;

    /// <summary>The life of new credentials; null: they never expire.</summary>
    /// <exception cref="OsbException">More was asked than is allowed: 400.</exception>
    public CredentialValidity? ForNewCredential(TimeSpan? requested, DateTimeOffset now) =>
        requested > maximum
            ? throw new OsbException(
                OsbErrors.BadRequest(
                    $"The parameter 'expires_in' must be at most {Format(maximum.Value)}: that is how long this broker lets credentials live."
                )
            )
            : CreateValidity(requested ?? maximum, now);

    /// <summary>The life of credentials that replace others: as was asked for those, but no more than is allowed now.</summary>
    public CredentialValidity? ForRotation(TimeSpan? requested, DateTimeOffset now) =>
        CreateValidity(requested > maximum ? maximum : requested ?? maximum, now);

    private static CredentialValidity? CreateValidity(TimeSpan? life, DateTimeOffset now) =>
        life is { } span ? new CredentialValidity(now + span, now + (span * RenewAfterFraction)) : null;

    private static string Format(TimeSpan span) =>
        span.Ticks % TimeSpan.TicksPerDay == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{span.Days}d")
            : string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}h");
}
