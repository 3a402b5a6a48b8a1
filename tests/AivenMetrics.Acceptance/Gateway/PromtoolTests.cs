using System.Diagnostics;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>
/// The real promtool of Prometheus 2.42 and of 3.5 queries through the gateway. The newer one reads the credentials from its HTTP
/// configuration file.
/// </summary>
public sealed class PromtoolTests(TwoTenantServers tenants)
{
    private static readonly string[] Commands =
    [
        "query instant --http.config.file=FILE URL only_a_metric|only_a_metric",
        "query range --http.config.file=FILE URL only_a_metric|only_a_metric",
        "query range --http.config.file=FILE --step=1s URL {__name__=~\".+\"}|only_a_metric",
        "query series --http.config.file=FILE --match={__name__=~\".+\"} URL|only_a_metric",
        "query labels --http.config.file=FILE URL __name__|only_a_metric",
        "query labels --http.config.file=FILE URL secret|of-a",
        "query analyze --http.config.file=FILE --server=URL --type=histogram --match=latency_seconds_bucket|exporter-a",
        "check healthy --http.config.file=FILE --url=URL|SUCCESS",
        "check ready --http.config.file=FILE --url=URL|SUCCESS",
    ];

    public static TheoryData<QueryServer, string, string> Runs
    {
        get
        {
            var data = new TheoryData<QueryServer, string, string>();
            foreach (var server in Enum.GetValues<QueryServer>())
            {
                foreach (var command in Commands)
                {
                    data.Add(server, "3.5", command);
                    // The older one can neither analyze nor check a server, nor parse UTF-8 names.
                    if (
                        server != QueryServer.Prometheus3
                        && !command.StartsWith("query analyze", StringComparison.Ordinal)
                        && !command.StartsWith("check", StringComparison.Ordinal)
                    )
                    {
                        data.Add(server, "2.42", command);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Promtool_reads_the_data_of_the_tenant(QueryServer server, string version, string commandAndOutput)
    {
        var before = await tenants.BeforeAsync(server);
        var (command, expected) = (commandAndOutput.Split('|')[0], commandAndOutput.Split('|')[1]);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            file,
            $"basic_auth:\n  username: {TwoTenantServers.Username}\n  password: {TwoTenantServers.Password}\n"
        );
        try
        {
            // The older one accepts the credential only in the URL.
            var url =
                version == "3.5"
                    ? $"{before.Url}i/one"
                    : $"http://{TwoTenantServers.Username}:{Uri.EscapeDataString(TwoTenantServers.Password)}@{before.Url.Authority}/i/one";
            var arguments = command
                .Split(' ')
                .Where(a => version == "3.5" || !a.StartsWith("--http", StringComparison.Ordinal))
                .Select(a => a.Replace("FILE", file, StringComparison.Ordinal).Replace("URL", url, StringComparison.Ordinal));
            var program = version == "3.5" ? PrometheusServer.Cached("prometheus-3", "promtool") : "/usr/bin/promtool";
            using var promtool = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
            )!;
            var errors = promtool.StandardError.ReadToEndAsync();
            var output = await promtool.StandardOutput.ReadToEndAsync() + await errors;
            await promtool.WaitForExitAsync();

            Assert.True(promtool.ExitCode == 0 && output.Contains(expected, StringComparison.Ordinal), $"{promtool.ExitCode}: {output}");
            Assert.All(TwoTenantServers.MarksOfB, mark => Assert.DoesNotContain(mark, output, StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
