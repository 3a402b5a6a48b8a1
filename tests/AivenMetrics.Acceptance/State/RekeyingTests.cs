using AivenMetrics.Broker.State;
using Xunit;
using KeyRing = AivenMetrics.Broker.State.Secrets;

namespace AivenMetrics.Acceptance.State;

public sealed class SqliteRekeyingTests(SqliteFixture fixture) : RekeyingTests<SqliteFixture>(fixture);

public sealed class PostgresRekeyingTests(PostgresFixture fixture) : RekeyingTests<PostgresFixture>(fixture);

/// <summary>Every secret ends under the first key, whatever happens in between, on both databases.</summary>
public abstract class RekeyingTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
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
        await using var stores = await Filled();
        var seen = new List<RekeyProgress>();

        var result = await new Rekeying(stores.Database, [K2, K1]).Run(new Seen(seen), None);

        Assert.Equal((Bindings + 1, 0, Bindings + 1), (result.Rewritten, result.Uses["k1"], result.Uses["k2"]));
        Assert.Empty(result.Unreadable);
        await AllReadable(stores, K2);
        Assert.Equal((0, Bindings + 1), (seen[0].Done, seen[0].Total));
        Assert.Equal(seen.Order(Comparer<RekeyProgress>.Create((x, y) => x.Done.CompareTo(y.Done))), seen);
        Assert.True(seen.Count > 3, "progress is told after each transaction");
        Assert.Equal(0, (await new Rekeying(stores.Database, [K2, K1]).Run(null, None)).Rewritten);
    }

    [Fact]
    public async Task A_run_that_is_ended_at_any_point_leaves_every_secret_readable_and_the_next_ones_finish()
    {
        await using var stores = await Filled();
        long ended = 0;
        for (var done = false; !done;)
        {
            using var end = new CancellationTokenSource();
            try
            {
                await new Rekeying(stores.Database, [K2, K1]).Run(new Ending(end), end.Token);
                done = true;
            }
            catch (OperationCanceledException)
            {
                ended++;
                await AllReadable(stores, K1, K2);
            }
        }

        // One transaction of 100 secrets each: none of those that were ended did its work in vain.
        Assert.Equal(5, ended);
        await AllReadable(stores, K2);
    }

    [Fact]
    public async Task Two_runs_at_once_beside_a_broker_that_binds_and_unbinds_lose_nothing()
    {
        await using var stores = await Filled();
        var busy = Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                await stores.Bindings.TryInsert(Binding($"new-{i}", K2), None);
                await stores.Bindings.Delete(new("instance-1"), new($"binding-{i}"), "unbound", null, Some.Time, None);
            }
        });

        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => new Rekeying(stores.Database, [K2, K1]).Run(null, None))).Append(busy));

        var uses = (await new Rekeying(stores.Database, [K2, K1]).Run(null, None)).Uses;
        Assert.Equal((0, Bindings + 1), (uses["k1"], uses["k2"]));
        await AllReadable(stores, K2);
    }

    [Fact]
    public async Task A_record_that_was_read_before_does_not_bring_the_old_key_back()
    {
        await using var stores = await Filled();
        var stale = await stores.Inventory.FindProject(Demo, None);
        await new Rekeying(stores.Database, [K2, K1]).Run(null, None);

        await stores.Inventory.SaveProject(stale! with { EndpointId = "endpoint-1" }, None);

        var saved = await stores.Inventory.FindProject(Demo, None);
        Assert.Equal(("endpoint-1", "k2"), (saved!.EndpointId, saved.ScrapePassword!.KeyId));
    }

    [Fact]
    public async Task Keys_that_the_ring_lacks_and_rows_that_a_key_does_not_open_are_told_and_the_rest_is_rewritten()
    {
        await using var stores = await Filled();
        await stores.Bindings.TryInsert(Binding("of-lost-key", Key("k0", 0)), None);
        var broken = Binding("broken", K1);
        await stores.Bindings.TryInsert(broken with { Secret = new ProtectedSecret("bm9uc2Vuc2U=", "k1") }, None);

        var result = await new Rekeying(stores.Database, [K2, K1]).Run(null, None);

        Assert.Equal((1, 1, Bindings + 1), (result.Uses["k0"], result.Uses["k1"], result.Uses["k2"]));
        var sentence = Assert.Single(result.Unreadable);
        Assert.Contains("instance-1 broken", sentence, StringComparison.Ordinal);
        Assert.Contains("'k1'", sentence, StringComparison.Ordinal);
    }

    private async Task<Stores> Filled()
    {
        var stores = await Stores.Open(await fixture.NewDatabase());
        Assert.True(await stores.Instances.TryInsert(Some.Instance(), None));
        for (var i = 0; i < Bindings; i++)
            await stores.Bindings.TryInsert(Binding($"binding-{i}", K1), None);
        var secrets = new KeyRing([K1]);
        await stores.Inventory.SaveProject(
            new ProjectRecord(Demo, null, null, "prom", secrets.Protect("password-of-demo", KeyRing.ScrapePassword), null), None);
        await stores.Inventory.SaveProject(new ProjectRecord(new("without-password"), null, null, null, null, null), None);
        return stores;
    }

    private static BindingRecord Binding(string id, EncryptionKey key) =>
        Some.Binding(id: id) with { Secret = new KeyRing([key]).Protect($"password-of-{id}", KeyRing.BindingSecret) };

    private static async Task AllReadable(Stores stores, params EncryptionKey[] keys)
    {
        var secrets = new KeyRing(keys);
        for (var i = 0; i < Bindings; i++)
        {
            if (await stores.Bindings.Find(new("instance-1"), new($"binding-{i}"), None) is { } binding)
                Assert.Equal($"password-of-binding-{i}", secrets.Unprotect(binding.Secret, KeyRing.BindingSecret));
        }

        var project = await stores.Inventory.FindProject(Demo, None);
        Assert.Equal("password-of-demo", secrets.Unprotect(project!.ScrapePassword!, KeyRing.ScrapePassword));
    }

    private static EncryptionKey Key(string id, byte fill) => new(id, Enumerable.Repeat(fill, EncryptionKey.Length).ToArray());

    private sealed class Seen(List<RekeyProgress> seen) : IProgress<RekeyProgress>
    {
        public void Report(RekeyProgress value) => seen.Add(value);
    }

    private sealed class Ending(CancellationTokenSource end) : IProgress<RekeyProgress>
    {
        public void Report(RekeyProgress value)
        {
            if (value.Done > 0)
                end.Cancel();
        }
    }
}
