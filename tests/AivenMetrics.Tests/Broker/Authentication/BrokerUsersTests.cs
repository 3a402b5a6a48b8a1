using AivenMetrics.Authentication;
using AivenMetrics.Broker.Authentication;
using Xunit;

namespace AivenMetrics.Tests.Broker.Authentication;

/// <summary>Runs exclusively: it compares durations and the memory of the whole process.</summary>
[CollectionDefinition(nameof(NotParallel), DisableParallelization = true)]
public sealed class NotParallel;

[Collection(nameof(NotParallel))]
public sealed class BrokerUsersTests
{
    private const string Old = "old-password-Pw1";
    private const string New = "new-password-Pw2";
    private const string Plain = "plain-password-Pw3";

    private readonly BrokerUsers _users = new(
        "broker",
        Plain,
        [User("platform", Old), User("platform", New), User("other", "others-password-Pw4")]
    );

    [Fact]
    public void During_a_rotation_the_old_and_the_new_password_are_accepted()
    {
        Assert.Equal("platform", _users.Verify("platform", Old));
        Assert.Equal("platform", _users.Verify("platform", New));
    }

    [Theory]
    [InlineData("platform", Plain)]
    [InlineData("platform", "")]
    [InlineData("platform", "others-password-Pw4")]
    [InlineData("Platform", Old)]
    [InlineData("platfor", "m" + Old)]
    [InlineData("nobody", Old)]
    [InlineData("broker", Old)]
    [InlineData("broker", "")]
    [InlineData("", "")]
    public void Wrong_credentials_are_rejected_and_cached(string username, string password)
    {
        Assert.False(_users.TryGetCached(username, password, out _));
        Assert.Null(_users.Verify(username, password));

        Assert.True(_users.TryGetCached(username, password, out var user));
        Assert.Null(user);
    }

    [Fact]
    public void A_plain_password_never_needs_a_slow_hash()
    {
        Assert.True(_users.TryGetCached("broker", Plain, out var user));
        Assert.Equal("broker", user);

        var plainOnly = new BrokerUsers("broker", Plain, []);
        Assert.True(plainOnly.TryGetCached("broker", "wrong", out var rejected));
        Assert.Null(rejected);
    }

    [Fact]
    public void A_verified_credential_is_accepted_again_without_a_slow_hash_and_without_allocation()
    {
        Assert.False(_users.TryGetCached("platform", New, out _));
        _users.Verify("platform", New);
        for (var i = 0; i < 100; i++)
        {
            Assert.True(_users.TryGetCached("platform", New, out _));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            _users.TryGetCached("platform", New, out _);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Fact]
    public void An_unknown_user_takes_as_many_hashes_as_a_wrong_password()
    {
        // An unknown user could skip only one of the hashes; that one is made much slower.
        var expensive = new BrokerUserOptions { Username = "slow", PasswordHash = PasswordHash.Create(Old, 1_000_000).ToString() };
        var some = new BrokerUsers("", "", [User("platform", Old), expensive]);
        some.Verify("warm", "up");

        var wrong = Quickest(i => some.Verify("slow", $"wrong-{i}"));
        var unknown = Quickest(i => some.Verify($"nobody-{i}", Old));

        Assert.InRange(unknown / wrong, 1 / 3.0, 3);
    }

    [Fact]
    public void Ten_thousand_wrong_credentials_take_no_more_memory_than_a_thousand()
    {
        var quick = new BrokerUsers("", "", []);
        var (before, _) = (Guess(quick, 0), Guess(quick, 1));
        var after = Guess(quick, 9);

        Assert.InRange(after - before, long.MinValue, 200_000);
    }

    private static long Guess(BrokerUsers users, int round)
    {
        for (var i = 0; i < 1000; i++)
        {
            Assert.Null(users.Verify("nobody", $"{round}-{i}"));
        }
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static double Quickest(Action<int> run) =>
        Enumerable
            .Range(0, 5)
            .Select(i =>
            {
                var start = TimeProvider.System.GetTimestamp();
                run(i);
                return TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
            })
            .Min();

    private static BrokerUserOptions User(string name, string password) =>
        new() { Username = name, PasswordHash = PasswordHash.Create(password, PasswordHash.MinimumIterations).ToString() };
}
