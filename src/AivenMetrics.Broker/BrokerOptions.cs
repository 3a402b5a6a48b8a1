using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Authentication;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.Feed;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker;

/// <summary>Options of the broker role (section <c>Broker</c>).</summary>
public sealed class BrokerOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Broker";

    /// <summary>User name of the platform.</summary>
    public string Username { get; set; } = "broker";

    /// <summary>Password of the platform. A secret. If empty, only <see cref="Users"/> can authenticate.</summary>
    public string Password { get; set; } = "";

    /// <summary>Additional users with hashed passwords. Required if there is no <see cref="Password"/>.</summary>
    public IList<BrokerUserOptions> Users { get; } = [];

    /// <summary>Public URL of the gateways, as issued in credentials. No default.</summary>
    public string GatewayUrl { get; set; } = "";

    /// <summary>Connection string of the database: SQLite or PostgreSQL.</summary>
    public string Database { get; set; } = "Data Source=aiven-metrics.db";

    /// <summary>Encryption keys for secrets in the database. The first key encrypts, all keys decrypt. At least one.</summary>
    [MinLength(
        1,
        ErrorMessage = "set AIVENMETRICS_Broker__EncryptionKeys__0__Id (such as k1) and AIVENMETRICS_Broker__EncryptionKeys__0__Key "
            + "(32 random bytes in base64, created by: openssl rand -base64 32), or a file named by Broker:EncryptionKeys:0:KeyFile"
    )]
    public IList<EncryptionKeyOptions> EncryptionKeys { get; } = [];

    /// <summary>Options of the feeds.</summary>
    public FeedOptions Feed { get; } = new();

    /// <summary>Maximum time for which a synchronous bind waits for its services, at most 50 s. Default: 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:50", ErrorMessage = "platforms cancel a request after 60 seconds")]
    public TimeSpan BindBudget { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// True: a bind stays in progress until every covered running service delivers metrics, about one minute for a new service. Default:
    /// false; the bind succeeds earlier and reports the progress.
    /// </summary>
    public bool BindWaitsForSamples { get; set; }

    /// <summary>
    /// Lifetime of the credentials of a binding, at least 1 hour. A bind may request a shorter one with its parameter <c>expires_in</c>.
    /// Default: never expires.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "36500.00:00:00", ErrorMessage = "remove it for credentials that never expire")]
    public TimeSpan? CredentialLifetime { get; set; }

    /// <summary>
    /// URL template of the dashboard of an instance, shown by platforms. It must contain <c>{instance_id}</c> and may contain
    /// <c>{organization_id}</c>, <c>{space_id}</c> and <c>{instance_name}</c>. Default: no dashboard.
    /// </summary>
    public string DashboardUrl { get; set; } = "";

    /// <summary>Retention period of the audit trail; zero: entries are never deleted. Default: 365 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00", ErrorMessage = "00:00:00 keeps the audit trail forever")]
    public TimeSpan AuditRetention { get; set; } = TimeSpan.FromDays(365);

    /// <summary>True to serve Swagger UI at <c>/swagger</c>. It contains no secret and needs no password.</summary>
    public bool SwaggerUi { get; set; }

    /// <summary>Options of the catalog.</summary>
    public CatalogOptions Catalog { get; } = new();

    /// <summary>Options for accessing Aiven.</summary>
    public AivenOptions Aiven { get; } = new();

    /// <summary>Returns the key ring of valid options.</summary>
    public IReadOnlyList<EncryptionKey> CreateKeyRing() =>
        [.. EncryptionKeys.Select(key => new EncryptionKey(key.Id, Convert.FromBase64String(key.Key)))];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (BrokerUserOptions.ValidateName(Username) is { } nameError)
        {
            yield return new ValidationResult($"{nameError}.", [nameof(Username)]);
        }

        if (Password.Length == 0 && Users.Count == 0)
        {
            yield return new ValidationResult(
                "is missing and Broker:Users is empty: set the environment variable AIVENMETRICS_Broker__Password, name a file by "
                    + "Broker:PasswordFile, or give Broker:Users:0:Username and Broker:Users:0:PasswordHash (created by: "
                    + "aiven-metrics hash-password).",
                [nameof(Password)]
            );
        }

        if (Users.Count > BrokerUserOptions.MaximumUsers)
        {
            yield return new ValidationResult(
                $"has {Users.Count} entries; the maximum is {BrokerUserOptions.MaximumUsers}. Remove those that no platform uses.",
                [nameof(Users)]
            );
        }

        if (!IsPublicUrl(GatewayUrl))
        {
            yield return new ValidationResult(
                "must be the gateways' public URL without user, query or fragment, such as https://metrics.example.com.",
                [nameof(GatewayUrl)]
            );
        }

        if (DatabaseError() is { } databaseError)
        {
            yield return new ValidationResult($"is invalid: {databaseError}", [nameof(Database)]);
        }

        if (DashboardUrl.Length > 0 && Osb.DashboardUrlTemplate.Validate(DashboardUrl) is { } dashboardError)
        {
            yield return new ValidationResult(dashboardError, [nameof(DashboardUrl)]);
        }

        if (EncryptionKeys.DistinctBy(key => key.Id).Count() != EncryptionKeys.Count)
        {
            yield return new ValidationResult("has two keys with the same Id: give each key its own Id.", [nameof(EncryptionKeys)]);
        }
    }

    private static bool IsPublicUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.Scheme is ("http" or "https")
        && url.UserInfo.Length == 0
        && url.Query.Length == 0
        && url.Fragment.Length == 0;

    private string? DatabaseError()
    {
        try
        {
            ConnectionStrings.Normalize(Database);
            return null;
        }
        catch (ArgumentException exception)
        {
            return exception.Message;
        }
    }
}

/// <summary>A key of the key ring.</summary>
public sealed class EncryptionKeyOptions : IValidatableObject
{
    /// <summary>Id of the key, stored with each ciphertext. It must not change while the key is in use.</summary>
    [Required(ErrorMessage = "name the key, such as k1; the name must stay the same as long as the key is used")]
    public string Id { get; set; } = "";

    /// <summary>The key: 32 bytes in base64. A secret.</summary>
    public string Key { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Base64.IsValid(Key, out var length) || length != EncryptionKey.Length)
        {
            yield return new ValidationResult(
                $"must be {EncryptionKey.Length} bytes in base64 (openssl rand -base64 32), given here or in a file named by KeyFile.",
                [nameof(Key)]
            );
        }
    }
}
