using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace AivenMetrics.Commands;

/// <summary>
/// <c>aiven-metrics explain</c>: asks a gateway what a credential does to a query, and prints it for people. The credential comes from a
/// file or standard input, as a platform hands it out, never from the command line, which every user of a machine can read.
/// </summary>
internal static class ExplainCommand
{
    private const int Failed = 1;

    public static Command Create()
    {
        var query = new Argument<string?>("query") { Description = "The PromQL expression; without one: what the credential shows.", Arity = ArgumentArity.ZeroOrOne };
        var credentials = new Option<string>("--credentials")
        {
            Description = "A file with the credentials of a binding or service key as JSON (url, username, password); - is standard input.",
            Required = true,
        };
        var command = new Command("explain", "Shows what a gateway makes of a query: the scoped query, the services in scope, the limits.") { query, credentials };
        command.SetAction((parsed, ct) => Run(parsed.GetValue(credentials)!, parsed.GetValue(query), Console.Out, Console.Error, ct));
        return command;
    }

    internal static async Task<int> Run(string file, string? query, TextWriter output, TextWriter error, CancellationToken ct)
    {
        string text;
        try
        {
            text = file == "-" ? await Console.In.ReadToEndAsync(ct) : await File.ReadAllTextAsync(file, ct);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"{file} cannot be read: {exception.Message}");
            return RoleCommand.UsageExitCode;
        }

        if (Credentials(text) is not { } known)
        {
            await error.WriteLineAsync($"{file} holds no credentials: it must be a JSON object with url, username and password, such as 'cf service-key' prints below its first line.");
            return RoleCommand.UsageExitCode;
        }

        try
        {
            return await Ask(known.Url, known.UserAndPassword, query, output, error, ct);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException)
        {
            await error.WriteLineAsync($"{known.Url} gave no answer: {exception.Message}");
            return Failed;
        }
    }

    private static async Task<int> Ask(Uri url, string userAndPassword, string? query, TextWriter output, TextWriter error, CancellationToken ct)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, url.AbsoluteUri.TrimEnd('/') + "/aivenmetrics/v1/explain");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(userAndPassword)));
        request.Content = new FormUrlEncodedContent(query is null ? [] : [KeyValuePair.Create("query", query)]);
        using HttpResponseMessage response = await client.SendAsync(request, ct);
        using JsonDocument answer = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(ct), default, ct);
        if (!response.IsSuccessStatusCode)
        {
            await error.WriteLineAsync($"{(int)response.StatusCode}: {Text(answer.RootElement, "error")}");
            return Failed;
        }

        await Print(answer.RootElement.GetProperty("data"), output);
        return 0;
    }

    private static async Task Print(JsonElement data, TextWriter output)
    {
        await output.WriteLineAsync($"credential  {Text(data, "username")}, plan {Text(data, "plan")}{(Text(data, "not_after") is { Length: > 0 } end ? $", until {end}" : "")}");
        await output.WriteLineAsync($"scope       {Text(data, "scope")}");
        if (Text(data, "scoped_query") is { Length: > 0 } scoped)
        {
            await output.WriteLineAsync($"query       {Text(data, "query")}");
            await output.WriteLineAsync($"is asked as {scoped}");
        }

        await output.WriteLineAsync($"limits      {string.Join(", ", data.GetProperty("limits").EnumerateObject().Select(limit => $"{limit.Name} {limit.Value}"))}");
        JsonElement[] services = [.. data.GetProperty("services").EnumerateArray()];
        await output.WriteLineAsync(services.Length == 0 ? "services    none with samples: a new one appears after about a minute" : "services");
        foreach (JsonElement service in services)
        {
            JsonElement[] nodes = [.. service.GetProperty("nodes").EnumerateArray()];
            await output.WriteLineAsync($"  {Text(service, "name")} ({Text(service, "type")}): samples arrive from {nodes.Count(node => node.GetProperty("up").GetBoolean())} of {nodes.Length} nodes");
        }
    }

    private static (Uri Url, string UserAndPassword)? Credentials(string text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            JsonElement root = json.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("credentials", out JsonElement inner))
            {
                root = inner;
            }

            return Uri.TryCreate(Text(root, "url"), UriKind.Absolute, out Uri? url) && url.Scheme is ("http" or "https") && Text(root, "username").Length > 0
                ? (url, $"{Text(root, "username")}:{Text(root, "password")}")
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
