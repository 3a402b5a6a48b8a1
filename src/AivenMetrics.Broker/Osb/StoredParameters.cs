using System.Globalization;
using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Reads parameters that were accepted earlier, from database rows.</summary>
internal static class StoredParameters
{
    /// <summary>Returns the default services of an instance for bindings that name none; empty if it has none.</summary>
    /// <param name="instanceParameters">JSON object with the parameters of the instance.</param>
    public static IReadOnlyList<string> DefaultServices(string instanceParameters)
    {
        using var document = JsonDocument.Parse(instanceParameters);
        return PlanParameters.ForUpdate(PlanScope.Services, document.RootElement).Services ?? [];
    }

    /// <summary>Returns the requested lifetime of the credentials of a binding; null if none was requested.</summary>
    /// <param name="bindParameters">JSON object with the parameters of a binding of either plan.</param>
    public static TimeSpan? Lifetime(JsonElement bindParameters) => PlanParameters.ForBind(PlanScope.Services, bindParameters).ExpiresIn;
}

/// <summary>Determines the lifetime of credentials.</summary>
/// <param name="maximum">Default and maximum lifetime; null: credentials never expire.</param>
internal sealed class CredentialLifetimePolicy(TimeSpan? maximum)
{
    // Leaves the last quarter of the lifetime for replacing a credential.
    private const double RenewAfterFraction = 0.75;

    /// <summary>Returns the validity of new credentials; null if they never expire.</summary>
    /// <exception cref="OsbException">The requested lifetime exceeds the maximum: 400.</exception>
    public CredentialValidity? ForNewCredential(TimeSpan? requested, DateTimeOffset now) =>
        requested > maximum
            ? throw new OsbException(
                OsbErrors.BadRequest(
                    $"The parameter 'expires_in' must be at most {Format(maximum.Value)}, the maximum lifetime of credentials "
                        + "at this broker."
                )
            )
            : CreateValidity(requested ?? maximum, now);

    /// <summary>
    /// Returns the validity of credentials created by a rotation: the lifetime requested for the predecessor, limited to the current
    /// maximum.
    /// </summary>
    public CredentialValidity? ForRotation(TimeSpan? requested, DateTimeOffset now) =>
        CreateValidity(requested > maximum ? maximum : requested ?? maximum, now);

    private static CredentialValidity? CreateValidity(TimeSpan? life, DateTimeOffset now) =>
        life is { } span ? new CredentialValidity(now + span, now + (span * RenewAfterFraction)) : null;

    private static string Format(TimeSpan span) =>
        span.Ticks % TimeSpan.TicksPerDay == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{span.Days}d")
            : string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}h");
}
