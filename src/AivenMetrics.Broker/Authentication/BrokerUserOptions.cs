using System.ComponentModel.DataAnnotations;

namespace AivenMetrics.Broker.Authentication;

/// <summary>A user that the platform may authenticate as (<c>Broker:Users</c>).</summary>
public sealed class BrokerUserOptions : IValidatableObject
{
    /// <summary>Most entries: a wrong password is tried against each.</summary>
    public const int MaximumUsers = 10;

    /// <summary>The user name. Two entries may share one: the old password and the new one while a platform changes over.</summary>
    public string Username { get; set; } = "";

    /// <summary>What <c>aiven-metrics hash-password</c> printed for the password.</summary>
    public string PasswordHash { get; set; } = "";

    /// <summary>What keeps a text from being a user name; null: nothing.</summary>
    internal static string? ValidateName(string username) =>
        username switch
        {
            "" => "must not be empty",
            { Length: > 255 } => "is longer than 255 characters",
            _ when username.Contains(':', StringComparison.Ordinal) || username.Any(char.IsControl) =>
                "cannot hold a colon or a control character (HTTP basic authentication)",
            _ => null,
        };

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ValidateName(Username) is { } error)
        {
            yield return new ValidationResult($"{error}.", [nameof(Username)]);
        }

        if (AivenMetrics.Authentication.PasswordHash.Parse(PasswordHash) is null)
        {
            yield return new ValidationResult(
                "must be a line that aiven-metrics hash-password printed "
                    + $"(pbkdf2-sha256$…, at least {AivenMetrics.Authentication.PasswordHash.MinimumIterations} iterations), given here or in a file named by PasswordHashFile.",
                [nameof(PasswordHash)]
            );
        }
    }
}
