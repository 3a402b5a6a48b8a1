using System.Security.Cryptography;

namespace AivenMetrics.Broker.State;

/// <summary>Progress of a <see cref="SecretReencryption"/>.</summary>
/// <param name="Processed">Number of processed secrets.</param>
/// <param name="Total">Number of secrets encrypted with another key than the first, at the start.</param>
public sealed record ReencryptionProgress(long Processed, long Total);

/// <summary>Result of a <see cref="SecretReencryption"/>.</summary>
/// <param name="Reencrypted">Number of secrets that were encrypted with the first key.</param>
/// <param name="Unreadable">
/// A sentence for each secret that its key cannot decrypt, at most <see cref="SecretReencryption.MaximumReported"/>.
/// </param>
/// <param name="SecretsPerKey">Number of secrets per key id: for all keys of the ring, and for unknown keys in the database.</param>
public sealed record ReencryptionResult(
    long Reencrypted,
    IReadOnlyList<string> Unreadable,
    IReadOnlyDictionary<string, long> SecretsPerKey
);

/// <summary>
/// Encrypts every secret with the first key of the ring. A row is updated only if its ciphertext is unchanged since it was read, in small
/// transactions. Brokers can keep running, several runs do not interfere, and an interrupted run is completed by the next one.
/// </summary>
public sealed class SecretReencryption(Database database, IReadOnlyList<EncryptionKey> keys)
{
    /// <summary>Maximum number of unreadable secrets that are listed individually.</summary>
    public const int MaximumReported = 20;

    private const int BatchSize = 100;

    // A broker with another first key keeps writing secrets with that key. After this number of rounds, the operator must correct its
    // configuration.
    private const int MaximumRounds = 3;

    private static readonly SecretColumn[] Columns =
    [
        new("service_binding", "instance_id", "binding_id", "secret_ciphertext", "secret_key_id", SecretProtector.BindingSecretPurpose),
        new(
            "aiven_project",
            "project",
            "''",
            "scrape_password_ciphertext",
            "scrape_password_key_id",
            SecretProtector.ScrapePasswordPurpose
        ),
    ];

    private readonly SecretProtector _secrets = new(keys);
    private readonly HashSet<string> _ring = [.. keys.Select(key => key.Id)];
    private long _rewritten;
    private long _done;

    /// <summary>Runs the re-encryption. Call it once.</summary>
    /// <param name="progress">Receives the progress after each transaction; null: none.</param>
    /// <param name="cancellationToken">Cancels the run; a current transaction is rolled back.</param>
    public async Task<ReencryptionResult> RunAsync(IProgress<ReencryptionProgress>? progress, CancellationToken cancellationToken)
    {
        var total = (await CountSecretsPerKeyAsync(cancellationToken))
            .Where(use => use.Key != keys[0].Id && _ring.Contains(use.Key))
            .Sum(use => use.Value);
        progress?.Report(new(0, total));
        List<string> unreadable = [];
        for (var round = 0; round < MaximumRounds; round++)
        {
            var before = _rewritten;
            unreadable.Clear();
            foreach (var column in Columns)
            {
                await ReencryptColumnAsync(
                    column,
                    unreadable,
                    () => progress?.Report(new(Math.Min(_done, total), total)),
                    cancellationToken
                );
            }
            // A round without changes shows that no secret was written with another key during the previous one.
            if (_rewritten == before)
            {
                break;
            }
        }

        return new(_rewritten, unreadable, await CountSecretsPerKeyAsync(cancellationToken));
    }

    private async Task ReencryptColumnAsync(
        SecretColumn column,
        List<string> unreadable,
        Action report,
        CancellationToken cancellationToken
    )
    {
        SecretRow? last = null;
        while (true)
        {
            var rows = await database.QueryAsync<SecretRow>(
                column.Page(last is null),
                new
                {
                    first = keys[0].Id,
                    last?.Key1,
                    last?.Key2,
                    batch = BatchSize,
                },
                cancellationToken
            );
            if (rows.Count == 0)
            {
                return;
            }
            last = rows[^1];
            var changes = rows.Where(row => _ring.Contains(row.KeyId))
                .Select(row => Reencrypt(column, row, unreadable))
                .OfType<SecretChange>()
                .ToList();
            _rewritten += await database.InTransactionAsync(
                async transaction =>
                {
                    var count = 0;
                    foreach (var change in changes)
                    {
                        count += await transaction.ExecuteAsync(column.Update, change);
                    }
                    return count;
                },
                cancellationToken
            );
            _done += rows.Count(row => _ring.Contains(row.KeyId));
            report();
        }
    }

    private SecretChange? Reencrypt(SecretColumn column, SecretRow row, List<string> unreadable)
    {
        try
        {
            var fresh = _secrets.Protect(_secrets.Unprotect(new(row.Ciphertext, row.KeyId), column.Purpose), column.Purpose);
            return new(row.Key1, row.Key2, row.Ciphertext, row.KeyId, fresh.Ciphertext, fresh.KeyId);
        }
        catch (CryptographicException e)
        {
            if (unreadable.Count < MaximumReported)
            {
                unreadable.Add($"{column.Table} {row.Key1}{(row.Key2.Length > 0 ? " " + row.Key2 : "")}: {e.Message}");
            }
            return null;
        }
    }

    private async Task<Dictionary<string, long>> CountSecretsPerKeyAsync(CancellationToken cancellationToken)
    {
        var uses = _ring.ToDictionary(id => id, _ => 0L);
        foreach (var column in Columns)
        {
            foreach (var row in await database.QueryAsync<KeyUsageRow>(column.Uses, null, cancellationToken))
            {
                uses[row.KeyId] = uses.GetValueOrDefault(row.KeyId) + row.Uses;
            }
        }
        return uses;
    }

    /// <summary>A column with secrets. Rows are identified by two keys; the second is <c>''</c> if there is only one.</summary>
    private sealed record SecretColumn(string Table, string Key1, string Key2, string Ciphertext, string KeyId, string Purpose)
    {
        public string Uses => $"SELECT {KeyId} AS key_id, count(*) AS uses FROM {Table} WHERE {KeyId} IS NOT NULL GROUP BY {KeyId}";

        public string Update =>
            $"""
                UPDATE {Table} SET {Ciphertext} = @NewCiphertext, {KeyId} = @NewKeyId
                WHERE {Key1} = @Key1 AND {Key2} = @Key2 AND {Ciphertext} = @Ciphertext AND {KeyId} = @KeyId
                """;

        public string Page(bool first) =>
            $"""
                SELECT {Key1} AS key1, {Key2} AS key2, {Ciphertext} AS ciphertext, {KeyId} AS key_id FROM {Table}
                WHERE {KeyId} <> @first {(first ? "" : $"AND ({Key1} > @Key1 OR ({Key1} = @Key1 AND {Key2} > @Key2))")}
                ORDER BY 1, 2 LIMIT @batch
                """;
    }

    private sealed class SecretRow
    {
        public string Key1 { get; init; } = "";

        public string Key2 { get; init; } = "";

        public string Ciphertext { get; init; } = "";

        public string KeyId { get; init; } = "";
    }

    private sealed class KeyUsageRow
    {
        public string KeyId { get; init; } = "";

        public long Uses { get; init; }
    }

    private sealed record SecretChange(string Key1, string Key2, string Ciphertext, string KeyId, string NewCiphertext, string NewKeyId);
}
