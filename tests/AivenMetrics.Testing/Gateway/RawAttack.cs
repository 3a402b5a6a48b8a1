using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace AivenMetrics.Testing.Gateway;

/// <summary>One attack of <c>Cases/attacks</c>.</summary>
/// <param name="Sentence">A sentence that describes the attack.</param>
/// <param name="Head">Request line and headers, one byte a character. <c>{{auth}}</c> and <c>{{repeat:n:text}}</c> are replaced.</param>
/// <param name="Body">The body in the same form; null: no body.</param>
/// <param name="Length">False if <paramref name="Head"/> states the length of the body itself.</param>
/// <param name="Status">The accepted statuses of the first response, with a Prometheus that answers every request.</param>
/// <param name="Upstream">The number of requests that may reach Prometheus.</param>
public sealed partial record RawAttack(string Sentence, string[] Head, string? Body, bool Length, int[] Status, int Upstream)
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Gateway", "Cases", "attacks");
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        AllowTrailingCommas = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>Returns the file and the sentence of every attack.</summary>
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

    /// <summary>Returns the names of the files.</summary>
    public static IEnumerable<string> Files() =>
        Directory.GetFiles(Folder, "*.json").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);

    /// <summary>Returns the attacks of one file.</summary>
    public static RawAttack[] Read(string file) =>
        JsonSerializer.Deserialize<RawAttack[]>(File.ReadAllText(Path.Combine(Folder, file)), Json)!;

    public static RawAttack Find(string file, string sentence) => Read(file).Single(attack => attack.Sentence == sentence);

    /// <summary>Returns the status of a raw response; fails if the text is no HTTP response.</summary>
    public static int StatusOf(string answer)
    {
        var status = StatusLine().Match(answer);
        Assert.True(status.Success, $"no HTTP answer but: {answer}");
        return int.Parse(status.Groups[1].Value, null);
    }

    /// <summary>Returns the request as bytes.</summary>
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
