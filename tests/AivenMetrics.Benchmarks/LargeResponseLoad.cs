using System.Globalization;
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
        Console.WriteLine($"{"", -20} {"MB read", 8} {"before", 8} {"most", 8} {"growth", 8}");
        var all = await LargeResponse.MeasureAsync(megabytes);
        foreach (var one in all)
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{one.Name, -20} {one.Read, 8:0.0} {one.Before, 8:0.0} {one.Most, 8:0.0} {one.Growth, 8:0.0}"
                )
            );
        }
        return all.All(one => one.Growth <= Aim) ? 0 : 1;
    }
}
