using AivenMetrics.Broker.State;
using Npgsql;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

public sealed class ConnectionStringsTests(PostgresDatabases databases)
{
    /// <summary>PostgreSQL URIs and the equivalent Npgsql keywords; those that the broker adds to all are left out.</summary>
    public static TheoryData<string, string> Uris =>
        new()
        {
            { "postgres://h", "Host=h;Port=5432" },
            { "POSTGRESQL://h:/", "Host=h;Port=5432" },
            { "postgres://u:@h/d", "Host=h;Port=5432;Username=u;Database=d" },
            { "postgres://:p@h/d", "Host=h;Port=5432;Password=p;Database=d" },
            {
                "postgres://us%40er:p%2Fw%25%C3%A9@db.example.com:6432/na%20me?sslmode=verify-full",
                "Host=db.example.com;Port=6432;Username=us@er;Password=p/w%é;Database=na me;SSL Mode=VerifyFull"
            },
            { "postgres://u:p+w@h/d", "Host=h;Port=5432;Username=u;Password=p+w;Database=d" },
            { "postgres://u:p@s?s#w@h/d", "Host=h;Port=5432;Username=u;Password=p@s?s#w;Database=d" },
            { "postgres://u@my-db.aws-eu.example.com/my-db", "Host=my-db.aws-eu.example.com;Port=5432;Username=u;Database=my-db" },
            { "postgres://h/d?", "Host=h;Port=5432;Database=d" },
            { "postgres://h/d?&sslmode=disable&", "Host=h;Port=5432;Database=d;SSL Mode=Disable" },
            { "postgres://h?user=u&password=p%26w&dbname=d&port=1", "Host=h;Port=1;Username=u;Password=p&w;Database=d" },
            // Several hosts, IPv6 addresses and Unix sockets.
            { "postgres://a:1,b:2/d", "Host=a:1,b:2;Database=d" },
            { "postgres://a,b:2/d", "Host=a:5432,b:2;Database=d" },
            { "postgres://a,b/d?port=1", "Host=a:1,b:1;Database=d" },
            { "postgres://a,b/d?port=1,2", "Host=a:1,b:2;Database=d" },
            { "postgres:///d?host=a,b&port=1,2", "Host=a:1,b:2;Database=d" },
            { "postgres://u@[2001:db8::1]:6432/d", "Host=2001:db8::1;Port=6432;Username=u;Database=d" },
            { "postgres://[::1]:1,[::2]/d", "Host=[::1]:1,[::2]:5432;Database=d" },
            { "postgres://u@%2Fvar%2Frun%2Fpostgresql/d", "Host=/var/run/postgresql;Port=5432;Username=u;Database=d" },
            { "postgres:///d?host=/var/run/postgresql&user=u", "Host=/var/run/postgresql;Port=5432;Username=u;Database=d" },
            { "postgres:///d?host=/cloudsql/project:region:instance", "Host=/cloudsql/project:region:instance;Port=5432;Database=d" },
            // Encryption. As in libpq, a root certificate makes sslmode=require verify.
            { "postgres://h/d?sslmode=disable", "Host=h;Port=5432;Database=d;SSL Mode=Disable" },
            { "postgres://h/d?sslmode=allow", "Host=h;Port=5432;Database=d;SSL Mode=Allow" },
            { "postgres://h/d?sslmode=prefer", "Host=h;Port=5432;Database=d;SSL Mode=Prefer" },
            { "postgres://h/d?sslmode=require", "Host=h;Port=5432;Database=d;SSL Mode=Require" },
            { "postgres://h/d?ssl=true", "Host=h;Port=5432;Database=d;SSL Mode=Require" },
            { "postgres://h/d?sslmode=VerifyFull", "Host=h;Port=5432;Database=d;SSL Mode=VerifyFull" },
            {
                "postgres://h/d?sslmode=verify-ca&sslrootcert=/etc/ssl/my-ca.pem",
                "Host=h;Port=5432;Database=d;SSL Mode=VerifyCA;Root Certificate=/etc/ssl/my-ca.pem"
            },
            {
                "postgres://h/d?sslrootcert=%2Fetc%2Fssl%2Fmy-ca.pem&sslmode=require",
                "Host=h;Port=5432;Database=d;SSL Mode=VerifyCA;Root Certificate=/etc/ssl/my-ca.pem"
            },
            { "postgres://h/d?sslrootcert=system", "Host=h;Port=5432;Database=d;SSL Mode=VerifyFull" },
            {
                "postgres://h/d?sslcert=/c-c.pem&sslkey=/k-k.pem&sslpassword=a-b",
                "Host=h;Port=5432;Database=d;SSL Certificate=/c-c.pem;SSL Key=/k-k.pem;SSL Password=a-b"
            },
            {
                "postgres://h/d?sslmode=require&sslnegotiation=direct&channel_binding=require&gssencmode=disable",
                "Host=h;Port=5432;Database=d;SSL Mode=Require;SSL Negotiation=Direct;Channel Binding=Require;GSS Encryption Mode=Disable"
            },
            { "postgres://h/d?require_auth=scram-sha-256,md5", "Host=h;Port=5432;Database=d;Require Auth=\"ScramSHA256,MD5\"" },
            { "postgres://h/d?require_auth=!password,!none", "Host=h;Port=5432;Database=d;Require Auth=\"!Password,!None\"" },
            // Sessions.
            { "postgres://h/d?application_name=my-app", "Host=h;Port=5432;Database=d;Application Name=my-app" },
            { "postgres://h/d?fallback_application_name=my-app", "Host=h;Port=5432;Database=d;Application Name=my-app" },
            { "postgres://h/d?fallback_application_name=x&application_name=y", "Host=h;Port=5432;Database=d;Application Name=y" },
            { "postgres://h/d?connect_timeout=10", "Host=h;Port=5432;Database=d;Timeout=10" },
            { "postgres://h/d?connect_timeout=-1", "Host=h;Port=5432;Database=d;Timeout=0" },
            { "postgres://h/d?options=-c%20search_path%3Da-b", "Host=h;Port=5432;Database=d;Options=\"-c search_path=a-b\"" },
            { "postgres://h/d?options=endpoint%3Dep-a-1", "Host=h;Port=5432;Database=d;Options=\"endpoint=ep-a-1\"" },
            { "postgres://h/d?client_encoding=utf8", "Host=h;Port=5432;Database=d" },
            {
                "postgres://a,b/d?target_session_attrs=read-write&load_balance_hosts=random",
                "Host=a:5432,b:5432;Database=d;Target Session Attributes=read-write;Load Balance Hosts=true"
            },
            { "postgres://h/d?target_session_attrs=read-write", "Host=h;Port=5432;Database=d" },
            {
                "postgres://h/d?keepalives=1&keepalives_idle=30&keepalives_interval=10",
                "Host=h;Port=5432;Database=d;TCP Keepalive=true;TCP Keepalive Time=30;TCP Keepalive Interval=10"
            },
            { "postgres://h/d?keepalives=0&keepalives_idle=30", "Host=h;Port=5432;Database=d" },
            { "postgres://h/d?krbsrvname=pg-srv&passfile=/p-f", "Host=h;Port=5432;Database=d;Kerberos Service Name=pg-srv;Passfile=/p-f" },
            // Npgsql's keywords, which libpq does not have.
            { "postgres://h/d?Maximum%20Pool%20Size=50&Pooling=false", "Host=h;Port=5432;Database=d;Maximum Pool Size=50;Pooling=false" },
        };

    /// <summary>PostgreSQL URIs that are rejected, and a part of the message.</summary>
    public static TheoryData<string, string> InvalidUris =>
        new()
        {
            { "postgres://", "names no host" },
            { "postgres:///d", "names no host" },
            { "postgres://user-secret:password-secret@/d", "names no host" },
            { "postgres://a,,b/d", "empty host" },
            { "postgres://h:0/d", "'port' of the PostgreSQL URL must be a whole number from 1 to 65535" },
            { "postgres://h:65536/d", "'port' of the PostgreSQL URL must be a whole number from 1 to 65535" },
            { "postgres://h:port-secret/d", "malformed host or port" },
            { "postgres://a,b/d?port=1,2,3", "2 hosts and 3 ports" },
            { "postgres://u:pass-secret%zz@h/d", "password in the PostgreSQL URL is not percent-encoded UTF-8" },
            { "postgres://u:%FFpass-secret@h/d", "password in the PostgreSQL URL is not percent-encoded UTF-8" },
            { "postgres://u:pass%00-secret@h/d", "password in the PostgreSQL URL is not percent-encoded UTF-8" },
            // A slash that is not percent-encoded cuts the password.
            { "postgres://u:pass/word-secret@h/d", "malformed host or port" },
            { "postgres://u:1/word?word_secret=x@h/d", "percent-encode the characters" },
            { "postgres://h/d?value-secret", "without '='" },
            { "postgres://h/d?=value-secret", "without '='" },
            { "postgres://h/d?sslmode=value-secret", "'sslmode' of the PostgreSQL URL must be one of disable, allow, prefer, require" },
            { "postgres://h/d?ssl=value-secret", "'ssl' of the PostgreSQL URL must be true" },
            { "postgres://h/d?sslrootcert=system&sslmode=require", "sslmode=verify-full" },
            { "postgres://h/d?sslnegotiation=direct", "sslmode=require" },
            { "postgres://h/d?connect_timeout=value-secret", "'connect_timeout' of the PostgreSQL URL must be a whole number" },
            { "postgres://h/d?connect_timeout=1025", "at most 1024" },
            {
                "postgres://h/d?target_session_attrs=standby",
                "'target_session_attrs' of the PostgreSQL URL must be one of any, read-write, primary"
            },
            { "postgres://h/d?client_encoding=LATIN1", "'client_encoding'" },
            { "postgres://h/d?require_auth=md5,!password", "'require_auth'" },
            { "postgres://h/d?require_auth=value-secret", "'require_auth'" },
            { "postgres://h/d?keepalives_interval=1", "keepalives_idle" },
            { "postgres://h/d?sslcompression=value-secret", "'sslcompression'" },
            { "postgres://h/d?hostaddr=value-secret", "'hostaddr'" },
            { "postgres://h/d?sslcrl=value-secret", "'sslcrl'" },
            { "postgres://h/d?service=value-secret", "'service'" },
            { "postgres://h/d?Maximum%20Pool%20Size=value-secret", "'Maximum Pool Size'" },
        };

    [Theory]
    [InlineData("Host=db;Username=u", true)]
    [InlineData("server=db", true)]
    [InlineData("postgres://u:p@db/name", true)]
    [InlineData("postgresql://db/name", true)]
    [InlineData("Data Source=file.db", false)]
    [InlineData("DataSource=file.db;Cache=Private", false)]
    public async Task The_string_determines_the_kind(string connectionString, bool postgres)
    {
        await using var database = Database.Open(connectionString);

        Assert.Equal(postgres, database.IsPostgres);
    }

    [Fact]
    public void A_url_is_read_with_its_escapes_and_parameters()
    {
        var (_, normalized) = ConnectionStrings.Normalize("postgres://us%40er:p%2Fw@db.example.com:6432/na%20me?sslmode=verify-full");

        var builder = new NpgsqlConnectionStringBuilder(normalized);
        Assert.Equal(
            ("db.example.com", 6432, "us@er", "p/w", "na me", SslMode.VerifyFull),
            (builder.Host, builder.Port, builder.Username, builder.Password, builder.Database, builder.SslMode)
        );
    }

    [Theory]
    [MemberData(nameof(Uris))]
    public async Task A_uri_equals_its_Npgsql_keywords(string uri, string keywords)
    {
        var (kind, normalized) = ConnectionStrings.Normalize(uri);

        Assert.Equal(DatabaseKind.Postgres, kind);
        var expected = new NpgsqlConnectionStringBuilder(ConnectionStrings.Normalize(keywords).Normalized);
        Assert.Equivalent(expected, new NpgsqlConnectionStringBuilder(normalized), strict: true);
        // Npgsql checks some combinations only here.
        await using var database = Database.Open(uri);
    }

    [Theory]
    [MemberData(nameof(InvalidUris))]
    public void An_invalid_uri_is_rejected_without_its_values(string uri, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => ConnectionStrings.Normalize(uri));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_hosts_are_tried_until_one_is_writable()
    {
        var single = new NpgsqlConnectionStringBuilder(await databases.NewAsync());
        await using var database = Database.Open(
            $"postgres://{single.Username}@127.0.0.1:1,127.0.0.1:{single.Port}/{single.Database}"
                + "?target_session_attrs=read-write&connect_timeout=5&application_name=my-broker&options=-c%20search_path%3Dpublic"
        );

        await database.MigrateAsync(null, TestContext.Current.CancellationToken);
        await using var lease = await new ReconcilerLock(database).TryAcquireAsync(TestContext.Current.CancellationToken);

        Assert.NotNull(lease);
        Assert.Equal(
            ["my-broker"],
            await database.QueryAsync<string>("SHOW application_name", null, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public void A_broker_leaves_connections_for_other_brokers_by_default()
    {
        Assert.Equal(20, new NpgsqlConnectionStringBuilder(ConnectionStrings.Normalize("Host=db").Normalized).MaxPoolSize);
        Assert.Equal(
            50,
            new NpgsqlConnectionStringBuilder(ConnectionStrings.Normalize("Host=db;Maximum Pool Size=50").Normalized).MaxPoolSize
        );
    }

    [Fact]
    public void Statements_are_prepared_and_sessions_are_not_reset_by_default()
    {
        var defaults = new NpgsqlConnectionStringBuilder(ConnectionStrings.Normalize("Host=db").Normalized);
        var configured = new NpgsqlConnectionStringBuilder(
            ConnectionStrings.Normalize("Host=db;Max Auto Prepare=0;No Reset On Close=false").Normalized
        );

        Assert.Equal((100, true), (defaults.MaxAutoPrepare, defaults.NoResetOnClose));
        Assert.Equal((0, false), (configured.MaxAutoPrepare, configured.NoResetOnClose));
    }
}
