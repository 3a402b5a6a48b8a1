using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace AivenMetrics.Testing.Gateway;

/// <summary>One attack of <c>Cases/attacks</c>.</summary>
/// <param name="Sentence">What is tried.</param>
/// <param name="Head">Request line and headers; each character is one byte; <c>{{auth}}</c> and <c>{{repeat:n:text}}</c> are filled in.</param>
/// <param name="Body">The body, likewise; null for none.</param>
/// <param name="Length">False if the head says itself how long the body is.</param>
/// <param name="Status">The statuses of the first answer that are right before a Prometheus that answers everything.</param>
/// <param name="Upstream">How many requests a Prometheus may see.</param>
public sealed partial record RawAttack(string Sentence, string[] Head, string? Body, bool Length, int[] Status, int Upstream)
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Gateway", "Cases", "attacks");
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        AllowTrailingCommas = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>File and sentence of each.</summary>
    public static TheoryData<string, string> All()
    {
        var data = new TheoryData<string, string>();
        foreach (var file in Files())
        {
            foreach (var attack in Read(file))
            {
                data.Add(file, attack.Sentence);
            }
        }
        return data;
    }

    /// <summary>The names of the files.</summary>
    public static IEnumerable<string> Files() =>
        Directory.GetFiles(Folder, "*.json").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);

    /// <summary>All of one file.</summary>
    public static RawAttack[] Read(string file) =>
        JsonSerializer.Deserialize<RawAttack[]>(File.ReadAllText(Path.Combine(Folder, file)), Json)!;

    public static RawAttack Find(string file, string sentence) => Read(file).Single(attack => attack.Sentence == sentence);

    /// <summary>The status of a raw answer, which must be one.</summary>
    public static int StatusOf(string answer)
    {
        var status = StatusLine().Match(answer);
        Assert.True(status.Success, $"no HTTP answer but: {answer}");
        return int.Parse(status.Groups[1].Value, null);
    }

    /// <summary>What is sent.</summary>
    /// <param name="authorization">The value of the header for a good credential.</param>
    public byte[] Bytes(string authorization)
    {
        var body = Body is null ? null : Fill(Body, authorization);
        var head = string.Concat(Head.Select(line => Fill(line, authorization) + "\r\n"));
        if (body is not null && Length)
        {
            head += $"Content-Length: {body.Length}\r\n";
        }
        return Encoding.Latin1.GetBytes(head + "\r\n" + body);
    }

    private static string Fill(string text, string authorization)
    {
        text = text.Replace("{{auth}}", $"Authorization: {authorization}", StringComparison.Ordinal);
        return Repeat().Replace(text, m => string.Concat(Enumerable.Repeat(m.Groups[2].Value, int.Parse(m.Groups[1].Value, null))));
    }

    [GeneratedRegex(@"^HTTP/1\.[01] (\d{3})")]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"\{\{repeat:(\d+):(.*?)\}\}")]
    private static partial Regex Repeat();
}
