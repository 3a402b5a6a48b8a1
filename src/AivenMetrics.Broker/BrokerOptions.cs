using System.Buffers.Text;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Authentication;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.Feed;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker;

/// <summary>Configuration of the broker role (section <c>Broker</c>).</summary>
public sealed class BrokerOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Broker";

    // Platforms give up a request after 60 s; the answer must be on its way before.
    private static readonly TimeSpan MaximumBindBudget = TimeSpan.FromSeconds(50);

    private static readonly TimeSpan MinimumCredentialLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan MaximumCredentialLifetime = TimeSpan.FromDays(36_500);
    private static readonly TimeSpan MaximumAuditRetention = TimeSpan.FromDays(36_500);

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
    public IList<EncryptionKeyOptions> EncryptionKeys { get; } = [];

    /// <summary>Who may read the feeds.</summary>
    public FeedOptions Feed { get; } = new();

    /// <summary>How long a synchronous bind waits for its services to be ready; at most 50 s.</summary>
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
    public TimeSpan? CredentialLifetime { get; set; }

    /// <summary>
    /// URL of a page about an instance, which platforms show; absent by default. A template that names <c>{instance_id}</c> and may
    /// name <c>{organization_id}</c>, <c>{space_id}</c> and <c>{instance_name}</c>.
    /// </summary>
    public string DashboardUrl { get; set; } = "";

    /// <summary>How long the audit trail is kept; zero: for ever. Default: 365 days.</summary>
    public TimeSpan AuditRetention { get; set; } = TimeSpan.FromDays(365);

    /// <summary>Whether <c>/swagger</c> shows the API for people to read. It holds no secret and asks for no password.</summary>
    public bool SwaggerUi { get; set; }

    /// <summary>What the marketplace shows.</summary>
    public CatalogOptions Catalog { get; } = new();

    /// <summary>Access to Aiven.</summary>
    public AivenOptions Aiven { get; } = new();

    /// <summary>All faults, as sentences that name the key and how to fix it; never a secret.</summary>
    public IEnumerable<string> Validate() =>
        [
            .. ValidateUsers(),
            .. ValidateSettings(),
            .. ValidateEncryptionKeys(),
            .. Feed.Validate(),
            .. Catalog.Validate(),
            .. Aiven.Validate(),
        ];

    /// <summary>The key ring; call only when there are no <see cref="Validate"/>.</summary>
    public IReadOnlyList<EncryptionKey> CreateKeyRing() =>
        [.. EncryptionKeys.Select(key => new EncryptionKey(key.Id, Convert.FromBase64String(key.Key)))];

    private IEnumerable<string> ValidateUsers()
    {
        if (BrokerUserOptions.ValidateName(Username) is { } fault)
        {
            yield return $"Broker:Username {fault}.";
        }
        if (Password.Length == 0 && Users.Count == 0)
        {
            yield return "Broker:Password is missing and so are Broker:Users: set the environment variable AIVENMETRICS_Broker__Password, "
                + "name a file by Broker:PasswordFile, or give Broker:Users:0:Username and Broker:Users:0:PasswordHash "
                + "(made by: aiven-metrics hash-password).";
        }
        foreach (var userFault in BrokerUserOptions.Validate(Users))
        {
            yield return userFault;
        }
    }

    private IEnumerable<string> ValidateSettings()
    {
        if (
            !Uri.TryCreate(GatewayUrl, UriKind.Absolute, out var gateway)
            || gateway.Scheme is not ("http" or "https")
            || gateway.UserInfo.Length > 0
            || gateway.Query.Length > 0
            || gateway.Fragment.Length > 0
        )
        {
            yield return "Broker:GatewayUrl must be the gateways' public URL without user, query or fragment, "
                + "such as https://metrics.example.com.";
        }
        if (BindBudget < TimeSpan.Zero || BindBudget > MaximumBindBudget)
        {
            yield return "Broker:BindBudget must be between 00:00:00 and 00:00:50: platforms give up after 60 seconds.";
        }
        if (CredentialLifetime < MinimumCredentialLifetime || CredentialLifetime > MaximumCredentialLifetime)
        {
            yield return "Broker:CredentialLifetime must be between 01:00:00 and 36500.00:00:00; leave it out for credentials that never expire.";
        }
        if (ValidateDatabase() is { } fault)
        {
            yield return fault;
        }
        if (DashboardUrl.Length > 0 && Osb.DashboardUrlTemplate.Validate(DashboardUrl) is { } dashboard)
        {
            yield return $"Broker:DashboardUrl {dashboard}";
        }
        if (AuditRetention < TimeSpan.Zero || AuditRetention > MaximumAuditRetention)
        {
            yield return "Broker:AuditRetention must be between 00:00:00, which keeps the audit trail for ever, and 36500.00:00:00.";
        }
    }

    private string? ValidateDatabase()
    {
        try
        {
            ConnectionStrings.Normalize(Database);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"Broker:Database is wrong: {e.Message}";
        }
    }

    private IEnumerable<string> ValidateEncryptionKeys()
    {
        if (EncryptionKeys.Count == 0)
        {
            yield return "Broker:EncryptionKeys is empty: set AIVENMETRICS_Broker__EncryptionKeys__0__Id (such as k1) and "
                + "AIVENMETRICS_Broker__EncryptionKeys__0__Key (32 random bytes in base64, made by: openssl rand -base64 32), "
                + "or a file named by Broker:EncryptionKeys:0:KeyFile.";
        }
        for (var i = 0; i < EncryptionKeys.Count; i++)
        {
            if (EncryptionKeys[i].Id.Length == 0)
            {
                yield return $"Broker:EncryptionKeys:{i}:Id is empty: name the key, such as k1; the name must stay as long as the key is used.";
            }
            if (!Base64.IsValid(EncryptionKeys[i].Key, out var length) || length != EncryptionKey.Length)
            {
                yield return $"Broker:EncryptionKeys:{i}:Key must be {EncryptionKey.Length} bytes in base64 (openssl rand -base64 32), "
                    + $"given there or in a file named by Broker:EncryptionKeys:{i}:KeyFile.";
            }
        }

        if (EncryptionKeys.DistinctBy(key => key.Id).Count() != EncryptionKeys.Count)
        {
            yield return "Broker:EncryptionKeys has two keys with one Id: each needs an Id of its own.";
        }
    }
}

/// <summary>A key of the ring.</summary>
public sealed class EncryptionKeyOptions
{
    /// <summary>Written beside each ciphertext; must stay as long as the key is in use.</summary>
    public string Id { get; set; } = "";

    /// <summary>32 bytes in base64, a secret.</summary>
    public string Key { get; set; } = "";
}
