using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace AivenMetrics.Broker.State;

internal enum DatabaseKind
{
    Sqlite,
    Postgres,
}

/// <summary>Reads what an operator wrote for the database. No message repeats the string: it may hold a password.</summary>
internal static class ConnectionStrings
{
    private const string Expected =
        "expected \"Data Source=<file>\" for SQLite, or \"Host=<host>;Database=<name>;Username=<user>;Password=<password>\" "
        + "or \"postgres://<user>:<password>@<host>/<name>\" for PostgreSQL";

    // A broker shares the server with its siblings: the driver's default of 100 would use up a default server alone.
    private const int PostgresMaximumPoolSize = 20;

    // The broker repeats a few statements: they are parsed and planned once per connection.
    private const int PostgresMaximumPreparedStatements = 100;

    /// <exception cref="ArgumentException">Names neither kind of database, or is malformed.</exception>
    public static (DatabaseKind Kind, string Normalised) Normalize(string connectionString)
    {
        if (
            connectionString.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
            || connectionString.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase)
        )
        {
            return (DatabaseKind.Postgres, FromUri(connectionString));
        }

        var keys = Keys(connectionString);
        if (keys.ContainsKey("Host") || keys.ContainsKey("Server"))
        {
            return (DatabaseKind.Postgres, Postgres(connectionString));
        }
        if (keys.ContainsKey("Data Source") || keys.ContainsKey("DataSource") || keys.ContainsKey("Filename"))
        {
            return (DatabaseKind.Sqlite, Sqlite(connectionString));
        }
        throw new ArgumentException($"The database's connection string names no database: {Expected}.");
    }

    private static DbConnectionStringBuilder Keys(string connectionString)
    {
        try
        {
            return new DbConnectionStringBuilder { ConnectionString = connectionString };
        }
        catch (ArgumentException)
        {
            throw new ArgumentException($"The database's connection string is malformed: {Expected}.");
        }
    }

    private static string Postgres(string connectionString)
    {
        try
        {
            return Postgres(new NpgsqlConnectionStringBuilder(connectionString));
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new ArgumentException($"The PostgreSQL connection string is malformed: {Expected}.");
        }
    }

    private static string Postgres(NpgsqlConnectionStringBuilder builder)
    {
        // The typed builder claims to contain every key; only what was given is in its string.
        var given = Keys(builder.ConnectionString);
        if (!given.ContainsKey("Maximum Pool Size"))
        {
            builder.MaxPoolSize = PostgresMaximumPoolSize;
        }
        if (!given.ContainsKey("Max Auto Prepare"))
        {
            builder.MaxAutoPrepare = PostgresMaximumPreparedStatements;
        }
        // Nothing that we run leaves anything in a session; the reconciler's lock has a connection of its own.
        if (!given.ContainsKey("No Reset On Close"))
        {
            builder.NoResetOnClose = true;
        }
        if (!given.ContainsKey("Application Name"))
        {
            builder.ApplicationName = "aiven-metrics";
        }
        return builder.ConnectionString;
    }

    private static string FromUri(string connectionString)
    {
        if (!Uri.TryCreate(connectionString, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            throw new ArgumentException($"The PostgreSQL URL is malformed: {Expected}.");
        }

        var user = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Username = Uri.UnescapeDataString(user[0]),
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
        };
        if (uri.Port > 0)
        {
            builder.Port = uri.Port;
        }
        if (user.Length == 2)
        {
            builder.Password = Uri.UnescapeDataString(user[1]);
        }
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            Apply(builder, pair);
        }
        return Postgres(builder);
    }

    private static void Apply(NpgsqlConnectionStringBuilder builder, string pair)
    {
        var parts = pair.Split('=', 2);
        var name = Uri.UnescapeDataString(parts[0]);
        // libpq spells the two that clouds hand out in their URLs with and without hyphens.
        var key = name switch
        {
            "sslmode" => "SSL Mode",
            "sslrootcert" => "Root Certificate",
            _ => name,
        };
        try
        {
            builder[key] = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]).Replace("-", "", StringComparison.Ordinal) : "";
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new ArgumentException($"The PostgreSQL URL has an unknown or malformed parameter '{name}'.");
        }
    }

    private static string Sqlite(string connectionString)
    {
        SqliteConnectionStringBuilder builder;
        try
        {
            builder = new SqliteConnectionStringBuilder(connectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new ArgumentException($"The SQLite connection string is malformed: {Expected}.");
        }

        if (builder.DataSource.Length == 0 || builder.DataSource == ":memory:" || builder.Mode == SqliteOpenMode.Memory)
        {
            throw new ArgumentException("The SQLite connection string must name a file: every connection would see its own empty memory.");
        }
        builder.ForeignKeys = true;
        return builder.ConnectionString;
    }
}
