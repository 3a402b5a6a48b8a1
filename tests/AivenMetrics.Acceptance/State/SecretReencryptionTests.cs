using AivenMetrics.Broker.State;
using Xunit;
using KeyRing = AivenMetrics.Broker.State.SecretProtector;

namespace AivenMetrics.Acceptance.State;

public sealed class SqliteSecretReencryptionTests(SqliteFixture fixture) : SecretReencryptionTests<SqliteFixture>(fixture);

public sealed class PostgresSecretReencryptionTests(PostgresFixture fixture) : SecretReencryptionTests<PostgresFixture>(fixture);

/// <summary>Every secret ends under the first key, whatever happens in between, on both databases.</summary>
public abstract class SecretReencryptionTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : class, IStateFixture
{
    private const int Bindings = 350;
    private static readonly AivenProject Demo = new("demo");
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly EncryptionKey K1 = Key("k1", 1);
    private static readonly EncryptionKey K2 = Key("k2", 2);

    [Fact]
    public async Task Every_secret_is_the_same_under_the_new_key_and_the_old_key_is_free()
    {
        await using var stores = await FilledAsync();
        var seen = new List<ReencryptionProgress>();

        var result = await new SecretReencryption(stores.Database, [K2, K1]).RunAsync(new Seen(seen), None);

        Assert.Equal((Bindings + 1, 0, Bindings + 1), (result.Reencrypted, result.SecretsPerKey["k1"], result.SecretsPerKey["k2"]));
        Assert.Empty(result.Unreadable);
        await AllReadableAsync(stores, K2);
        Assert.Equal((0, Bindings + 1), (seen[0].Processed, seen[0].Total));
        Assert.Equal(seen.Order(Comparer<ReencryptionProgress>.Create((x, y) => x.Processed.CompareTo(y.Processed))), seen);
        Assert.True(seen.Count > 3, "progress is reported after each transaction");
        Assert.Equal(0, (await new SecretReencryption(stores.Database, [K2, K1]).RunAsync(null, None)).Reencrypted);
    }

    [Fact]
    public async Task A_run_that_is_ended_at_any_point_leaves_every_secret_readable_and_the_next_ones_finish()
    {
        await using var stores = await FilledAsync();
        long ended = 0;
        var done = false;
        while (!done)
        {
            using var end = new CancellationTokenSource();
            try
            {
                await new SecretReencryption(stores.Database, [K2, K1]).RunAsync(new Ending(end), end.Token);
                done = true;
            }
            catch (OperationCanceledException)
            {
                ended++;
                await AllReadableAsync(stores, K1, K2);
            }
        }

        // Each transaction has 100 secrets. Every committed transaction of a killed run counts.
        Assert.Equal(5, ended);
        await AllReadableAsync(stores, K2);
    }

    [Fact]
    public async Task Two_runs_at_once_beside_a_broker_that_binds_and_unbinds_lose_nothing()
    {
        await using var stores = await FilledAsync();
        var busy = Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                await stores.Bindings.TryInsertAsync(Binding($"new-{i}", K2), None);
                await stores.Bindings.DeleteAsync(new("instance-1"), new($"binding-{i}"), "unbound", null, StateData.Time, None);
            }
        });

        await Task.WhenAll(
            Enumerable
                .Range(0, 2)
                .Select(_ => Task.Run(() => new SecretReencryption(stores.Database, [K2, K1]).RunAsync(null, None)))
                .Append(busy)
        );

        var uses = (await new SecretReencryption(stores.Database, [K2, K1]).RunAsync(null, None)).SecretsPerKey;
        Assert.Equal((0, Bindings + 1), (uses["k1"], uses["k2"]));
        await AllReadableAsync(stores, K2);
    }

    [Fact]
    public async Task A_record_that_was_read_before_does_not_restore_the_old_key()
    {
        await using var stores = await FilledAsync();
        var stale = await stores.Inventory.FindProjectAsync(Demo, None);
        await new SecretReencryption(stores.Database, [K2, K1]).RunAsync(null, None);

        await stores.Inventory.SaveProjectAsync(stale! with { EndpointId = "endpoint-1" }, None);

        var saved = await stores.Inventory.FindProjectAsync(Demo, None);
        Assert.Equal(("endpoint-1", "k2"), (saved!.EndpointId, saved.ScrapePassword!.KeyId));
    }

    [Fact]
    public async Task Missing_keys_and_undecryptable_rows_are_reported_and_the_rest_is_rewritten()
    {
        await using var stores = await FilledAsync();
        await stores.Bindings.TryInsertAsync(Binding("of-lost-key", Key("k0", 0)), None);
        var broken = Binding("broken", K1);
        await stores.Bindings.TryInsertAsync(broken with { Secret = new ProtectedSecret("bm9uc2Vuc2U=", "k1") }, None);

        var result = await new SecretReencryption(stores.Database, [K2, K1]).RunAsync(null, None);

        Assert.Equal((1, 1, Bindings + 1), (result.SecretsPerKey["k0"], result.SecretsPerKey["k1"], result.SecretsPerKey["k2"]));
        var sentence = Assert.Single(result.Unreadable);
        Assert.Contains("instance-1 broken", sentence, StringComparison.Ordinal);
        Assert.Contains("'k1'", sentence, StringComparison.Ordinal);
    }

    private async Task<StateStores> FilledAsync()
    {
        var stores = await StateStores.OpenAsync(await fixture.NewDatabaseAsync());
        Assert.True(await stores.Instances.TryInsertAsync(StateData.Instance(), None));
        for (var i = 0; i < Bindings; i++)
        {
            await stores.Bindings.TryInsertAsync(Binding($"binding-{i}", K1), None);
        }
        var secrets = new KeyRing([K1]);
        await stores.Inventory.SaveProjectAsync(
            new AivenProjectRecord(Demo, null, null, "prom", secrets.Protect("password-of-demo", KeyRing.ScrapePasswordPurpose), null),
            None
        );
        await stores.Inventory.SaveProjectAsync(new AivenProjectRecord(new("without-password"), null, null, null, null, null), None);
        return stores;
    }

    private static BindingRecord Binding(string id, EncryptionKey key) =>
        StateData.Binding(id: id) with
        {
            Secret = new KeyRing([key]).Protect($"password-of-{id}", KeyRing.BindingSecretPurpose),
        };

    private static async Task AllReadableAsync(StateStores stores, params EncryptionKey[] keys)
    {
        var secrets = new KeyRing(keys);
        for (var i = 0; i < Bindings; i++)
        {
            if (await stores.Bindings.FindAsync(new("instance-1"), new($"binding-{i}"), None) is { } binding)
            {
                Assert.Equal($"password-of-binding-{i}", secrets.Unprotect(binding.Secret, KeyRing.BindingSecretPurpose));
            }
        }

        var project = await stores.Inventory.FindProjectAsync(Demo, None);
        Assert.Equal("password-of-demo", secrets.Unprotect(project!.ScrapePassword!, KeyRing.ScrapePasswordPurpose));
    }

    private static EncryptionKey Key(string id, byte fill) => new(id, Enumerable.Repeat(fill, EncryptionKey.Length).ToArray());

    private sealed class Seen(List<ReencryptionProgress> seen) : IProgress<ReencryptionProgress>
    {
        public void Report(ReencryptionProgress value) => seen.Add(value);
    }

    private sealed class Ending(CancellationTokenSource end) : IProgress<ReencryptionProgress>
    {
        public void Report(ReencryptionProgress value)
        {
            if (value.Processed > 0)
            {
                end.Cancel();
            }
        }
    }
}
