using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace AivenMetrics.Testing.Gateway;

/// <summary>One attack of <c>Cases/attacks</c>.</summary>
/// <param name="Sentence">The attempted attack.</param>
/// <param name="Head">Request line and headers; each character is one byte; <c>{{auth}}</c> and <c>{{repeat:n:text}}</c> are filled in.</param>
/// <param name="Body">The body, with the same placeholders; null for none.</param>
/// <param name="Length">False if the head already states the length of the body.</param>
/// <param name="Status">The allowed statuses of the first response if Prometheus accepts every request.</param>
/// <param name="Upstream">Maximum number of requests that Prometheus may receive.</param>
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

    /// <summary>Returns the status of a raw response; fails if it is not an HTTP response.</summary>
    public static int StatusOf(string answer)
    {
        var status = StatusLine().Match(answer);
        Assert.True(status.Success, $"The gateway did not send an HTTP response but: {answer}");
        return int.Parse(status.Groups[1].Value, null);
    }

    /// <summary>Returns the bytes to send.</summary>
    /// <param name="authorization">The Authorization value of a valid credential.</param>
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
