using System.Security.Cryptography;

namespace AivenMetrics.Broker.State;

/// <summary>How far a <see cref="SecretReencryption"/> is.</summary>
/// <param name="Processed">Secrets that were looked at.</param>
/// <param name="Total">Secrets that were encrypted with another key than the first when it began.</param>
public sealed record ReencryptionProgress(long Processed, long Total);

/// <summary>What a <see cref="SecretReencryption"/> left.</summary>
/// <param name="Reencrypted">Secrets that are encrypted with the first key now and were not before.</param>
/// <param name="Unreadable">A sentence for each secret that its key does not open, at most <see cref="SecretReencryption.MaximumReported"/>.</param>
/// <param name="SecretsPerKey">How many secrets each key encrypts now: every key of the ring, and those of rows that the ring lacks.</param>
public sealed record ReencryptionResult(
    long Reencrypted,
    IReadOnlyList<string> Unreadable,
    IReadOnlyDictionary<string, long> SecretsPerKey
);

/// <summary>
/// Rewrites every secret that is not encrypted with the first key of the ring. Each row changes only if it still holds the
/// ciphertext that was read, in transactions of a few rows: brokers go on working meanwhile, two runs do not harm each other, and
/// one that was killed at any point is finished by the next.
/// </summary>
public sealed class SecretReencryption(Database database, IReadOnlyList<EncryptionKey> keys)
{
    /// <summary>Most unreadable secrets that are told one by one.</summary>
    public const int MaximumReported = 20;

    private const int BatchSize = 100;

    // A broker that runs with another first key goes on writing with that one: after some rounds it is for the operator to mend.
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

    /// <summary>Does it; to be called once.</summary>
    /// <param name="progress">Told after each transaction; null: nobody.</param>
    /// <param name="cancellationToken">Ends it between two transactions or within one, which is then rolled back.</param>
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
            // A round that finds nothing to do is the proof that none was written behind the back of the one before.
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

    /// <summary>A column of secrets; its rows are found by two keys, the second <c>''</c> where there is only one.</summary>
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
