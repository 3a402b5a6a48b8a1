using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>
/// Replays the requests of Prometheus clients from <c>Cases/clients</c> against each real server, unchanged. Each file names the source of
/// its requests.
/// </summary>
public sealed class ClientsTests(TwoTenantServers tenants)
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Gateway", "Cases", "clients");
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>One client.</summary>
    /// <param name="Client">Its name and version.</param>
    /// <param name="Basis">How the requests were determined.</param>
    /// <param name="Sources">Source files of the client, with their version.</param>
    /// <param name="Requests">The requests that it sends.</param>
    public sealed record ClientCase(string Client, string Basis, string[] Sources, RequestCase[] Requests);

    /// <summary>One request, and the required content of its response. No response may contain data of other tenants.</summary>
    /// <param name="Sentence">When it is sent.</param>
    /// <param name="Method">GET or POST.</param>
    /// <param name="Target">Path and query; times such as <c>{{now}}</c> are filled in.</param>
    /// <param name="Form">The form of a POST.</param>
    /// <param name="Headers">Headers in addition to authentication.</param>
    /// <param name="Status">The status of the response.</param>
    /// <param name="Has">Texts that the response contains.</param>
    /// <param name="HasOn">Texts for servers that differ.</param>
    /// <param name="StatusOn">The status for servers that differ.</param>
    public sealed record RequestCase(
        string Sentence,
        string Method,
        string Target,
        string? Form,
        Dictionary<string, string>? Headers,
        int Status,
        string Has,
        Dictionary<string, string>? HasOn,
        Dictionary<string, int>? StatusOn
    );

    public static MatrixTheoryData<QueryServer, string> Clients =>
        new(
            Enum.GetValues<QueryServer>(),
            Directory.GetFiles(Folder, "*.json").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)!
        );

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_client_gets_all_data_of_its_tenant_and_none_of_others(QueryServer server, string client)
    {
        var before = await tenants.BeforeAsync(server);
        var requests = Read(client).Requests;
        Assert.NotEmpty(requests);
        foreach (var request in requests)
        {
            await AssertAnsweredAsync(before, server, request);
        }
    }

    [Fact]
    public void Every_case_names_its_source_and_Grafana_is_covered()
    {
        var cases = Directory.GetFiles(Folder, "*.json").Select(file => Read(Path.GetFileNameWithoutExtension(file))).ToArray();
        Assert.All(cases, client => Assert.True(client.Basis.Length > 0 && client.Sources.Length > 0, client.Client));
        Assert.Subset(
            cases.Select(client => client.Client).ToHashSet(),
            Enumerable.Range(9, 5).Select(version => $"Grafana {version}").ToHashSet()
        );
        Assert.True(cases.Sum(client => client.Requests.Length) >= 100);
    }

    private static async Task AssertAnsweredAsync(TenantGateway before, QueryServer server, RequestCase request)
    {
        var kind = server.ToString();
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(Filled(request.Target), UriKind.Relative));
        if (request.Form is not null)
        {
            message.Content = new StringContent(Filled(request.Form), Encoding.UTF8, "application/x-www-form-urlencoded");
        }
        foreach (var (name, value) in request.Headers ?? [])
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await before.A.SendAsync(message);
        var body = Encoding.UTF8.GetString(await BodyAsync(response));

        var status = request.StatusOn?.GetValueOrDefault(kind, request.Status) ?? request.Status;
        var has = request.HasOn?.GetValueOrDefault(kind, request.Has) ?? request.Has;
        Assert.True(
            (int)response.StatusCode == status && body.Contains(has, StringComparison.Ordinal),
            $"{request.Sentence}, {server}: {(int)response.StatusCode}, no {has} in {body}"
        );
        Assert.All(TwoTenantServers.MarksOfB, mark =>
            Assert.False(body.Contains(mark, StringComparison.Ordinal), $"{request.Sentence}, {server}: {body}")
        );
    }

    private static async Task<byte[]> BodyAsync(HttpResponseMessage response)
    {
        await using var body = await response.Content.ReadAsStreamAsync();
        await using var plain = response.Content.Headers.ContentEncoding.Contains("gzip")
            ? new System.IO.Compression.GZipStream(body, System.IO.Compression.CompressionMode.Decompress)
            : body;
        using var bytes = new MemoryStream();
        await plain.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    private static ClientCase Read(string client) =>
        JsonSerializer.Deserialize<ClientCase>(File.ReadAllText(Path.Combine(Folder, client + ".json")), Json)!;

    private static string Filled(string text)
    {
        var now = TimeProvider.System.GetUtcNow();
        string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
        foreach (
            var (name, value) in new[]
            {
                ("now", Number(now.ToUnixTimeSeconds())),
                ("now_ms", Number(now.ToUnixTimeMilliseconds())),
                ("hour_ago", Number(now.AddHours(-1).ToUnixTimeSeconds())),
                ("hour_ago_ms", Number(now.AddHours(-1).ToUnixTimeMilliseconds())),
                ("rfc3339", now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
            }
        )
        {
            text = text.Replace($"{{{{{name}}}}}", value, StringComparison.Ordinal);
        }
        return text;
    }
}
