using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Authentication;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.Feed;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker;

/// <summary>Configuration of the broker role (section <c>Broker</c>).</summary>
public sealed class BrokerOptions : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Broker";

    /// <summary>User name that the platform authenticates with.</summary>
    public string Username { get; set; } = "broker";

    /// <summary>Password that the platform authenticates with, a secret; empty: only <see cref="Users"/> may.</summary>
    public string Password { get; set; } = "";

    /// <summary>More users, with hashed passwords; needed when there is no <see cref="Password"/>.</summary>
    public IList<BrokerUserOptions> Users { get; } = [];

    /// <summary>The gateways' public URL, which tenants get in their credentials; no default.</summary>
    public string GatewayUrl { get; set; } = "";

    /// <summary>Connection string of the database: SQLite or PostgreSQL.</summary>
    public string Database { get; set; } = "Data Source=aiven-metrics.db";

    /// <summary>Keys of the secrets in the database: the first encrypts, all decrypt. At least one.</summary>
    [MinLength(
        1,
        ErrorMessage = "set AIVENMETRICS_Broker__EncryptionKeys__0__Id (such as k1) and AIVENMETRICS_Broker__EncryptionKeys__0__Key "
            + "(32 random bytes in base64, made by: openssl rand -base64 32), or a file named by Broker:EncryptionKeys:0:KeyFile"
    )]
    public IList<EncryptionKeyOptions> EncryptionKeys { get; } = [];

    /// <summary>Who may read the feeds.</summary>
    public FeedOptions Feed { get; } = new();

    /// <summary>How long a synchronous bind waits for its services to be ready; at most 50 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:50", ErrorMessage = "platforms cancel a request after 60 seconds")]
    public TimeSpan BindBudget { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// True: a bind is in progress until every running service that it covers delivers metrics, about a minute for a new one.
    /// Default: false, it tells how far they are.
    /// </summary>
    public bool BindWaitsForSamples { get; set; }

    /// <summary>
    /// How long the credentials of a binding work, at least one hour; a bind may ask for less with its parameter
    /// <c>expires_in</c>. Default: for ever.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "36500.00:00:00", ErrorMessage = "remove it for credentials that never expire")]
    public TimeSpan? CredentialLifetime { get; set; }

    /// <summary>
    /// URL of a page about an instance, which platforms show; absent by default. A template that names <c>{instance_id}</c> and may
    /// name <c>{organization_id}</c>, <c>{space_id}</c> and <c>{instance_name}</c>.
    /// </summary>
    public string DashboardUrl { get; set; } = "";

    /// <summary>How long the audit trail is kept; zero: for ever. Default: 365 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00", ErrorMessage = "00:00:00 keeps the audit trail forever")]
    public TimeSpan AuditRetention { get; set; } = TimeSpan.FromDays(365);

    /// <summary>Whether <c>/swagger</c> shows the API for people to read. It holds no secret and asks for no password.</summary>
    public bool SwaggerUi { get; set; }

    /// <summary>What the marketplace shows.</summary>
    public CatalogOptions Catalog { get; } = new();

    /// <summary>Access to Aiven.</summary>
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
                    + "Broker:PasswordFile, or give Broker:Users:0:Username and Broker:Users:0:PasswordHash (made by: aiven-metrics hash-password).",
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

/// <summary>A key of the ring.</summary>
public sealed class EncryptionKeyOptions : IValidatableObject
{
    /// <summary>Written beside each ciphertext; must stay as long as the key is in use.</summary>
    [Required(ErrorMessage = "name the key, such as k1; the name must stay the same as long as the key is used")]
    public string Id { get; set; } = "";

    /// <summary>32 bytes in base64, a secret.</summary>
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
