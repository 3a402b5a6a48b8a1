using System.Globalization;
using System.Text;

namespace AivenMetrics.Simulator.Metrics;

/// <summary>
/// Collects samples and writes them in Prometheus' text format 0.0.4. Values depend only on seed, series and time: gauges vary smoothly
/// between two bounds; counters grow at a varying rate and never decrease.
/// </summary>
/// <param name="facts">The node; its names are labels of every series.</param>
/// <param name="seed">The seed of the values.</param>
/// <param name="now">The time.</param>
internal sealed class MetricsPage(NodeDescription facts, int seed, DateTimeOffset now)
{
    private readonly List<(string Name, string Type, StringBuilder Lines)> _families = [];
    private readonly Dictionary<string, StringBuilder> _byName = new(StringComparer.Ordinal);

    /// <summary>The node of the metrics.</summary>
    public NodeDescription Node => facts;

    /// <summary>Seconds since the node started.</summary>
    public double UptimeSeconds { get; } = Math.Max((now - facts.StartedAt).TotalSeconds, 0);

    /// <summary>
    /// Returns a value between the bounds. With <paramref name="ofService"/> it is the same on every node of the service.
    /// </summary>
    public double GaugeValue(string series, double low, double high, bool ofService = false)
    {
        var key = Key(series, ofService);
        var time = now.ToUnixTimeMilliseconds() / 1000.0;
        // Waves of one minute, ten minutes and hours, so that graphs of any time range vary.
        var wave = (Wave(key, time, 45, 90) + Wave(key + 1, time, 400, 900) + Wave(key + 2, time, 5000, 15000)) / 3;
        return low + ((high - low) * (wave + 1) / 2);
    }

    /// <summary>Returns a count since the start of the node, with a rate of about <paramref name="perSecond"/>.</summary>
    public double CounterValue(string series, double perSecond)
    {
        var key = Key(series, ofService: false);
        var period = 50 + (Fraction(key) * 100);
        var phase = Fraction(key + 1) * Math.Tau;
        // The integral of perSecond·(1 + 0.8·cos): its slope is never below a fifth of the rate.
        var swing = 0.8 * period / Math.Tau * (Math.Sin((Math.Tau * UptimeSeconds / period) + phase) - Math.Sin(phase));
        return Math.Floor(perSecond * (0.5 + Fraction(key + 2)) * (UptimeSeconds + swing));
    }

    /// <summary>Adds a varying gauge.</summary>
    public void Gauge(string name, double low, double high, params (string Name, string Value)[] labels) =>
        Sample(name, "gauge", GaugeValue(SeriesOf(name, labels), low, high), labels);

    /// <summary>Adds a counter.</summary>
    public void Counter(string name, double perSecond, params (string Name, string Value)[] labels) =>
        Sample(name, "counter", CounterValue(SeriesOf(name, labels), perSecond), labels);

    /// <summary>Adds an untyped value; most of Telegraf's series are untyped.</summary>
    public void Untyped(string name, double value, params (string Name, string Value)[] labels) => Sample(name, "untyped", value, labels);

    /// <summary>Adds a sample.</summary>
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

    /// <summary>Returns the page with families sorted by name.</summary>
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

    // FNV-1a over the name of the series: equal in every process, unlike string.GetHashCode.
    private ulong Key(string series, bool ofService)
    {
        var key = 14695981039346656037UL ^ (uint)seed;
        foreach (var letter in (ofService ? facts.Service : facts.Host) + "/" + series)
        {
            key = (key ^ letter) * 1099511628211UL;
        }
        return key;
    }

    // The last step of SplitMix64: adjacent keys give independent fractions.
    private static double Fraction(ulong key)
    {
        key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9UL;
        key = (key ^ (key >> 27)) * 0x94D049BB133111EBUL;
        return ((key ^ (key >> 31)) >> 11) / (double)(1UL << 53);
    }
}
