using AivenMetrics.Broker.State;
using Npgsql;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

public sealed class ConnectionStringsTests
{
    [Theory]
    [InlineData("Host=db;Username=u", true)]
    [InlineData("server=db", true)]
    [InlineData("postgres://u:p@db/name", true)]
    [InlineData("postgresql://db/name", true)]
    [InlineData("Data Source=file.db", false)]
    [InlineData("DataSource=file.db;Cache=Private", false)]
    public async Task The_string_tells_the_kind(string connectionString, bool postgres)
    {
        await using var database = Database.Open(connectionString);

        Assert.Equal(postgres, database.IsPostgres);
    }

    [Fact]
    public void A_url_is_read_with_its_escapes_and_parameters()
    {
        var (_, normalised) = ConnectionStrings.Normalize("postgres://us%40er:p%2Fw@db.example.com:6432/na%20me?sslmode=verify-full");

        var builder = new NpgsqlConnectionStringBuilder(normalised);
        Assert.Equal(
            ("db.example.com", 6432, "us@er", "p/w", "na me", SslMode.VerifyFull),
            (builder.Host, builder.Port, builder.Username, builder.Password, builder.Database, builder.SslMode)
        );
    }

    [Fact]
    public void A_broker_leaves_connections_for_its_siblings_unless_told_otherwise()
    {
        Assert.Equal(20, new NpgsqlConnectionStringBuilder(ConnectionStrings.Normalize("Host=db").Normalised).MaxPoolSize);
        Assert.Equal(
            50,
            new NpgsqlConnectionStringBuilder(ConnectionStrings.Normalize("Host=db;Maximum Pool Size=50").Normalised).MaxPoolSize
        );
    }

    [Fact]
    public void Statements_are_prepared_and_sessions_are_not_reset_unless_told_otherwise()
    {
        var usual = new NpgsqlConnectionStringBuilder(ConnectionStrings.Normalize("Host=db").Normalised);
        var told = new NpgsqlConnectionStringBuilder(
            ConnectionStrings.Normalize("Host=db;Max Auto Prepare=0;No Reset On Close=false").Normalised
        );

        Assert.Equal((100, true), (usual.MaxAutoPrepare, usual.NoResetOnClose));
        Assert.Equal((0, false), (told.MaxAutoPrepare, told.NoResetOnClose));
    }
}
