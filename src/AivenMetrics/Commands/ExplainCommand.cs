using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AivenMetrics.Hosting;

namespace AivenMetrics.Commands;

/// <summary>
/// <c>aiven-metrics explain</c>: prints how a gateway scopes a query for a credential. The credential is read from a file or standard
/// input, in the form that platforms return, and never from the command line, which every user of a machine can read.
/// </summary>
internal static class ExplainCommand
{
    private const int Failed = 1;

    public static Command Create()
    {
        var query = new Argument<string?>("query")
        {
            Description = "The PromQL expression. Default: none; only the scope of the credential is shown.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var credentials = new Option<string>("--credentials")
        {
            Description =
                "File with the credentials of a binding or service key as JSON (url, username, password); - reads standard "
                + "input. Required.",
            Required = true,
        };
        var command = new Command(
            "explain",
            "Shows how a gateway scopes a query for a credential: the query that it sends, the services in scope, and the limits."
        )
        {
            query,
            credentials,
        };
        command.SetAction((parsed, ct) => RunAsync(parsed.GetValue(credentials)!, parsed.GetValue(query), Console.Out, Console.Error, ct));
        return command;
    }

    internal static async Task<int> RunAsync(
        string file,
        string? query,
        TextWriter output,
        TextWriter error,
        CancellationToken cancellationToken
    )
    {
        string text;
        try
        {
            text = file == "-" ? await Console.In.ReadToEndAsync(cancellationToken) : await File.ReadAllTextAsync(file, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"{file} cannot be read: {exception.Message}");
            return RoleCommand.UsageExitCode;
        }

        if (ParseCredentials(text) is not { } known)
        {
            await error.WriteLineAsync(
                $"{file} does not contain credentials: it must be a JSON object with url, username and password, as 'cf "
                    + "service-key' prints after its first line."
            );
            return RoleCommand.UsageExitCode;
        }

        try
        {
            (var status, var answer) = await RequestAsync(known.Url, known.UserAndPassword, query, cancellationToken);
            using var json = JsonDocument.Parse(answer);
            if (status != HttpStatusCode.OK)
            {
                await error.WriteLineAsync($"{(int)status}: {Text(json.RootElement, "error")}");
                return Failed;
            }

            return await PrintAsync(json.RootElement.GetProperty("data"), output, error);
        }
        catch (HttpRequestException exception)
        {
            await error.WriteLineAsync($"{known.Url} did not respond: {exception.Message}");
            return Failed;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            await error.WriteLineAsync($"The server at {known.Url} is not an AivenMetrics gateway: check the url of the credentials.");
            return Failed;
        }
    }

    private static async Task<(HttpStatusCode Status, string Body)> RequestAsync(
        Uri url,
        string userAndPassword,
        string? query,
        CancellationToken cancellationToken
    )
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, url.AbsoluteUri.TrimEnd('/') + "/aivenmetrics/v1/explain");
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes(userAndPassword))
        );
        request.Content = new FormUrlEncodedContent(query is null ? [] : [KeyValuePair.Create("query", query)]);
        using var response = await client.SendAsync(request, cancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    private static async Task<int> PrintAsync(JsonElement data, TextWriter output, TextWriter error)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        await PrintAsync(data, text);
        try
        {
            await output.WriteAsync(text.ToString());
            await output.FlushAsync();
            return 0;
        }
        catch (IOException exception)
        {
            await error.WriteLineAsync($"The output cannot be written: {exception.Message}");
            return Failed;
        }
    }

    private static async Task PrintAsync(JsonElement data, StringWriter output)
    {
        await output.WriteLineAsync(
            $"credential  {Text(data, "username")}, plan "
                + $"{Text(data, "plan")}{(Text(data, "not_after") is { Length: > 0 } end ? $", until {end}" : "")}"
        );
        await output.WriteLineAsync($"scope       {Text(data, "scope")}");
        if (Text(data, "scoped_query") is { Length: > 0 } scoped)
        {
            await output.WriteLineAsync($"query       {Text(data, "query")}");
            await output.WriteLineAsync($"sent as     {scoped}");
        }

        if (Text(data, "refused_because") is { Length: > 0 } refused)
        {
            await output.WriteLineAsync($"rejected    {refused}");
        }

        await output.WriteLineAsync(
            $"limits      {string.Join(", ", data.GetProperty("limits").EnumerateObject().Select(limit => $"{limit.Name} {limit.Value}"))}"
        );
        if (!data.TryGetProperty("services", out var listed))
        {
            await output.WriteLineAsync("services    unknown: no metrics server responds");
            return;
        }

        JsonElement[] services = [.. listed.EnumerateArray()];
        await output.WriteLineAsync(
            services.Length == 0 ? "services    none with samples; a new service appears after about a minute" : "services"
        );
        foreach (var service in services)
        {
            JsonElement[] nodes = [.. service.GetProperty("nodes").EnumerateArray()];
            await output.WriteLineAsync(
                $"  {Text(service, "name")} ({Text(service, "type")}): samples arrive from "
                    + $"{nodes.Count(node => node.GetProperty("up").GetBoolean())} of {nodes.Length} nodes"
            );
        }
    }

    private static (Uri Url, string UserAndPassword)? ParseCredentials(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var root = json.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("credentials", out var inner))
            {
                root = inner;
            }

            return
                Uri.TryCreate(Text(root, "url"), UriKind.Absolute, out var url)
                && url.Scheme is ("http" or "https")
                && Text(root, "username").Length > 0
                ? (url, $"{Text(root, "username")}:{Text(root, "password")}")
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
