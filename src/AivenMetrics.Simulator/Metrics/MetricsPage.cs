using System.Globalization;
using System.Text;

namespace AivenMetrics.Simulator.Metrics;

/// <summary>
/// Collects samples and writes them in text format 0.0.4. Values are pure functions of seed, series and time: gauges wander
/// smoothly between two bounds, counters grow at a rate that itself comes and goes, and never fall.
/// </summary>
/// <param name="facts">The node; its names become labels of every series.</param>
/// <param name="seed">Chooses the values.</param>
/// <param name="now">The time.</param>
internal sealed class MetricsPage(NodeDescription facts, int seed, DateTimeOffset now)
{
    private readonly List<(string Name, string Type, StringBuilder Lines)> _families = [];
    private readonly Dictionary<string, StringBuilder> _byName = new(StringComparer.Ordinal);

    /// <summary>The node that tells.</summary>
    public NodeDescription Node => facts;

    /// <summary>Seconds since the node started.</summary>
    public double UptimeSeconds { get; } = Math.Max((now - facts.StartedAt).TotalSeconds, 0);

    /// <summary>A value between the bounds; with <paramref name="ofService"/> the same on every node of the service.</summary>
    public double GaugeValue(string series, double low, double high, bool ofService = false)
    {
        var key = Key(series, ofService);
        var time = now.ToUnixTimeMilliseconds() / 1000.0;
        // Waves of a minute, of ten and of hours, so that a graph of any width shows something.
        var wave = (Wave(key, time, 45, 90) + Wave(key + 1, time, 400, 900) + Wave(key + 2, time, 5000, 15000)) / 3;
        return low + ((high - low) * (wave + 1) / 2);
    }

    /// <summary>A count since the node started, of about <paramref name="perSecond"/>.</summary>
    public double CounterValue(string series, double perSecond)
    {
        var key = Key(series, ofService: false);
        var period = 50 + (Fraction(key) * 100);
        var phase = Fraction(key + 1) * Math.Tau;
        // The integral of perSecond·(1 + 0.8·cos): its slope is never below a fifth of the rate.
        var swing = 0.8 * period / Math.Tau * (Math.Sin((Math.Tau * UptimeSeconds / period) + phase) - Math.Sin(phase));
        return Math.Floor(perSecond * (0.5 + Fraction(key + 2)) * (UptimeSeconds + swing));
    }

    /// <summary>Writes a wandering gauge.</summary>
    public void Gauge(string name, double low, double high, params (string Name, string Value)[] labels) =>
        Sample(name, "gauge", GaugeValue(SeriesOf(name, labels), low, high), labels);

    /// <summary>Writes a growing counter.</summary>
    public void Counter(string name, double perSecond, params (string Name, string Value)[] labels) =>
        Sample(name, "counter", CounterValue(SeriesOf(name, labels), perSecond), labels);

    /// <summary>Writes a value as it is; most of Telegraf's series are untyped.</summary>
    public void Untyped(string name, double value, params (string Name, string Value)[] labels) => Sample(name, "untyped", value, labels);

    /// <summary>Writes a value.</summary>
    public void Sample(string name, string type, double value, params (string Name, string Value)[] labels)
    {
        if (!_byName.TryGetValue(name, out var lines))
        {
            _byName[name] = lines = new();
            _families.Add((name, type, lines));
        }

        (string Name, string Value)[] ofNode =
        [
            ("cloud", facts.Cloud),
            ("host", facts.Host),
            ("project", facts.Project),
            ("service", facts.Service),
            ("service_type", facts.ServiceType),
        ];
        var all = ofNode
            .Concat(labels)
            .OrderBy(label => label.Name, StringComparer.Ordinal)
            .Select(label => $"{label.Name}=\"{Escape(label.Value)}\"");
        var rounded = Math.Abs(value) < 1e6 ? Math.Round(value, 4) : Math.Round(value);
        lines.Append(CultureInfo.InvariantCulture, $"{name}{{{string.Join(',', all)}}} {rounded:R}\n");
    }

    /// <summary>The page, families in the order of their names.</summary>
    public override string ToString()
    {
        var page = new StringBuilder();
        foreach (var (name, type, lines) in _families.OrderBy(family => family.Name, StringComparer.Ordinal))
        {
            page.Append(CultureInfo.InvariantCulture, $"# HELP {name} Telegraf collected metric\n# TYPE {name} {type}\n").Append(lines);
        }
        return page.ToString();
    }

    private static string SeriesOf(string name, (string Name, string Value)[] labels) =>
        name + string.Concat(labels.Select(label => $",{label.Name}={label.Value}"));

    private static string Escape(string value) =>
        value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private static double Wave(ulong key, double time, double shortest, double longest)
    {
        var period = shortest + (Fraction(key) * (longest - shortest));
        return Math.Sin((Math.Tau * time / period) + (Fraction(key ^ 0x5DEECE66D) * Math.Tau));
    }

    // FNV-1a over the series' name: the same in every process, unlike string.GetHashCode.
    private ulong Key(string series, bool ofService)
    {
        var key = 14695981039346656037UL ^ (uint)seed;
        foreach (var letter in (ofService ? facts.Service : facts.Host) + "/" + series)
        {
            key = (key ^ letter) * 1099511628211UL;
        }
        return key;
    }

    // SplitMix64's last step: neighbouring keys give unrelated fractions.
    private static double Fraction(ulong key)
    {
        key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9UL;
        key = (key ^ (key >> 27)) * 0x94D049BB133111EBUL;
        return ((key ^ (key >> 31)) >> 11) / (double)(1UL << 53);
    }
}
