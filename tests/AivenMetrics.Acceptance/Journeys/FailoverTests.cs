using System.Net;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>Everything with two Prometheus servers behind the gateway.</summary>
public sealed class TwoPrometheusStack : TwoTenantStack
{
    private protected override StackOptions Options => new() { Prometheus = 2 };
}

/// <summary>When a Prometheus dies, tenants get no error.</summary>
public sealed class FailoverTests(TwoPrometheusStack stack) : IClassFixture<TwoPrometheusStack>
{
    private const int Clients = 4;
    private int _answers;

    [Fact]
    public async Task No_query_fails_while_the_first_Prometheus_is_killed_and_restarted()
    {
        await Stack.WaitUntilAsync("the second Prometheus has what the first has", async () =>
        {
            using var first = stack.Stack.Prometheus();
            using var second = stack.Stack.Prometheus(1);
            return (await first.InstantAsync("up == 1")).Count == (await second.InstantAsync("up == 1")).Count;
        });
        using var done = new CancellationTokenSource();
        List<Task<int>> clients = [.. Enumerable.Range(0, Clients).Select(_ => Task.Run(() => QueryAsync(done.Token)))];

        await MoreAnswersAsync();
        await stack.Stack.KillAsync("prometheus-1");
        await MoreAnswersAsync();
        await stack.Stack.RestartAsync("prometheus-1");
        await MoreAnswersAsync();
        await done.CancelAsync();

        var answered = await Task.WhenAll(clients);
        TestContext.Current.TestOutputHelper?.WriteLine($"{answered.Sum()} queries, no error");
        Assert.All(answered, count => Assert.InRange(count, 20, int.MaxValue));
    }

    private Task<TimeSpan> MoreAnswersAsync()
    {
        var before = Volatile.Read(ref _answers);
        return Stack.WaitUntilAsync("enough queries were answered", () =>
            Task.FromResult(Volatile.Read(ref _answers) >= before + (60 * Clients))
        );
    }

    private async Task<int> QueryAsync(CancellationToken done)
    {
        var answered = 0;
        for (; !done.IsCancellationRequested; answered++)
        {
            var answer = await stack.Forecast.Query.GetAsync("/api/v1/query?query=count(up)");
            Assert.True(answer.Status == HttpStatusCode.OK, $"Query {answered}: {(int)answer.Status} {answer.Text}");
            Assert.NotEmpty(answer.Json["data"]!["result"]!.AsArray());
            Interlocked.Increment(ref _answers);
            await Task.Delay(10, CancellationToken.None);
        }

        return answered;
    }
}
