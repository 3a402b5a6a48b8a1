using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>The parameters of a bind (osb.md 96).</summary>
/// <param name="Services">Plan <c>services</c>: the services to show, as given; null: those that the instance names.</param>
/// <param name="ExpiresIn">How long the credentials shall work; null: as long as the broker allows.</param>
internal sealed partial record BindParameters(IReadOnlyList<string>? Services, TimeSpan? ExpiresIn)
{
    private const string ServicesKey = "services";
    private const string ExpiresInKey = "expires_in";

    /// <summary>Reads them for a plan.</summary>
    /// <exception cref="OsbRefusal">They are not what the plan takes: 400, naming the parameter.</exception>
    public static BindParameters Read(PlanScope scope, JsonElement? parameters)
    {
        string[] names = scope == PlanScope.Services ? [ServicesKey, ExpiresInKey] : [ExpiresInKey];
        var given = OsbFields.Object(parameters, "parameters");
        OsbFields.CheckOnly(given, names, "Binding with this plan");
        return new BindParameters(
            given is { } all && all.TryGetProperty(ServicesKey, out var services) ? OsbFields.Services(services, 1) : null,
            Life(given));
    }

    /// <summary>The services that an instance names for bindings that name none; empty: none.</summary>
    /// <param name="instanceParameters">JSON object of the instance's parameters.</param>
    public static IReadOnlyList<string> DefaultServices(string instanceParameters)
    {
        using var document = JsonDocument.Parse(instanceParameters);
        return document.RootElement.TryGetProperty(ServicesKey, out var services) ? OsbFields.Services(services, 0) : [];
    }

    /// <summary>How long the credentials shall work by parameters that were accepted before; null: not said.</summary>
    public static TimeSpan? Life(JsonElement? parameters)
    {
        if (parameters is not { } given || !given.TryGetProperty(ExpiresInKey, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.String || Duration().Match(value.GetString()!) is not { Success: true } match)
            throw new OsbRefusal(OsbErrors.Invalid(
                $"The parameter '{ExpiresInKey}' must be a text: a number of hours or days, such as \"12h\" or \"90d\", at most five digits."));
        var number = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return match.Groups[2].ValueSpan is "h" ? TimeSpan.FromHours(number) : TimeSpan.FromDays(number);
    }

    [GeneratedRegex(@"^([1-9][0-9]{0,4})([hd])\z")]
    private static partial Regex Duration();
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
