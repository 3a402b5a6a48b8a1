using System.ComponentModel.DataAnnotations;

namespace AivenMetrics.Broker.Authentication;

/// <summary>A user that the platform may authenticate as (<c>Broker:Users</c>).</summary>
public sealed class BrokerUserOptions : IValidatableObject
{
    /// <summary>Maximum number of users. A wrong password is compared with the hash of each.</summary>
    public const int MaximumUsers = 10;

    /// <summary>
    /// User name. Two entries may have the same name: the old and the new password while a platform is being reconfigured.
    /// </summary>
    public string Username { get; set; } = "";

    /// <summary>Password hash, as printed by <c>aiven-metrics hash-password</c>.</summary>
    public string PasswordHash { get; set; } = "";

    /// <summary>Returns the error in a user name, to be appended to the name of its key; null if it is valid.</summary>
    internal static string? ValidateName(string username) =>
        username switch
        {
            "" => "must not be empty",
            { Length: > 255 } => "is longer than 255 characters",
            _ when username.Contains(':', StringComparison.Ordinal) || username.Any(char.IsControl) =>
                "must not contain a colon or a control character (HTTP basic authentication)",
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
                    + $"(pbkdf2-sha256$…, at least {AivenMetrics.Authentication.PasswordHash.MinimumIterations} iterations), "
                    + "given here or in a file named by PasswordHashFile.",
                [nameof(PasswordHash)]
            );
        }
    }
}
