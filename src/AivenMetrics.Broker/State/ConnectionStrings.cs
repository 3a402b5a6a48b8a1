using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace AivenMetrics.Broker.State;

/// <summary>The kinds of databases.</summary>
internal enum DatabaseKind
{
    Sqlite,
    Postgres,
}

/// <summary>Parses the configured connection string. No message contains the string, because it may contain a password.</summary>
internal static class ConnectionStrings
{
    private const string Expected =
        "expected \"Data Source=<file>\" for SQLite, or \"Host=<host>;Database=<name>;Username=<user>;Password=<password>\" "
        + "or \"postgres://<user>:<password>@<host>/<name>\" for PostgreSQL";

    // Several brokers share the server; the driver's default of 100 connections would exhaust a default server.
    private const int PostgresMaximumPoolSize = 20;

    // The broker repeats few statements: they are parsed and planned once per connection.
    private const int PostgresMaximumPreparedStatements = 100;

    /// <summary>Parses a connection string and applies the broker's defaults.</summary>
    /// <exception cref="ArgumentException">The string names neither kind of database, or is malformed.</exception>
    public static (DatabaseKind Kind, string Normalized) Normalize(string connectionString)
    {
        if (PostgresUri.IsUri(connectionString))
        {
            return (DatabaseKind.Postgres, Postgres(PostgresUri.Parse(connectionString)));
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
        throw new ArgumentException($"The database's connection string does not name a database: {Expected}.");
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
        // The typed builder contains every key; its string contains only the given ones.
        var given = Keys(builder.ConnectionString);
        if (!given.ContainsKey("Maximum Pool Size"))
        {
            builder.MaxPoolSize = PostgresMaximumPoolSize;
        }
        if (!given.ContainsKey("Max Auto Prepare"))
        {
            builder.MaxAutoPrepare = PostgresMaximumPreparedStatements;
        }
        // The broker leaves no state in pooled sessions; the reconciler's lock has a connection of its own.
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
            throw new ArgumentException(
                "The SQLite connection string must name a file: in memory, every connection would have an empty database of its own."
            );
        }
        builder.ForeignKeys = true;
        return builder.ConnectionString;
    }
}
