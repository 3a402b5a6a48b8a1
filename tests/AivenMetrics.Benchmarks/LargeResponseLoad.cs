using AivenMetrics.Testing.Gateway;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// Measures the memory of a gateway while an answer of 100 MB passes, in each of the ways of <see cref="LargeResponse"/>. The aim is at
/// most 20 MB of growth. Option: --megabytes (100).
/// </summary>
internal static class LargeResponseLoad
{
    private const double Aim = 20;

    public static async Task<int> RunAsync(LoadOptions options)
    {
        var megabytes = options.Number("megabytes", 100);
        Console.WriteLine($"{megabytes} MB through the gateway; aim: its working set grows by at most {Aim} MB");
        var table = new TextTable(("", -20), ("MB read", 7), ("before", 7), ("most", 7), ("growth", 7));
        table.WriteHeader();
        var all = await LargeResponse.MeasureAsync(megabytes);
        foreach (var one in all)
        {
            table.WriteRow($"{one.Name}", $"{one.Read:0.0}", $"{one.Before:0.0}", $"{one.Most:0.0}", $"{one.Growth:0.0}");
        }
        return all.All(one => one.Growth <= Aim) ? 0 : 1;
    }
}
