using System.Diagnostics;
using AivenMetrics.Lab.Demo;
using AivenMetrics.Testing.Gateway;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// An nginx that answers every query with the same 1 KB, and the proxies in front of it: nginx, nginx that asks for a password, and Caddy,
/// each with what its documentation gives for a plain proxy that keeps its connections, and without an access log.
/// </summary>
internal sealed class ProxySetup : IAsyncDisposable
{
    private static readonly string[] Programs = ["nginx", "caddy", "wrk"];

    // What htpasswd writes by default, and the quickest that nginx knows; both of the load's password.
    private const string UsualHash = "$apr1$bench123$MnE3YaynidbtzV.L3CEit0";
    private const string QuickHash = "{SHA}4IHuG/hlu9TnE7CyU1uF77S330Y=";

    private readonly string _folder = Directory.CreateTempSubdirectory("proxies-").FullName;
    private readonly List<Process> _processes = [];
    private readonly int[] _ports = FreePorts.Take(5);

    public Uri Upstream => Url(0);

    public Uri Nginx => Url(1);

    public Uri NginxWithPassword => Url(2);

    public Uri NginxWithQuickPassword => Url(3);

    public Uri Caddy => Url(4);

    public int UpstreamId => _processes[0].Id;

    public int NginxId => _processes[1].Id;

    public int CaddyId => _processes[2].Id;

    /// <summary>The programs that are not installed.</summary>
    public static IEnumerable<string> Missing() =>
        Programs.Where(program =>
            !(Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin")
                .Split(':')
                .Any(folder => File.Exists(Path.Combine(folder, program)))
        );

    public static async Task<ProxySetup> StartAsync()
    {
        var stand = new ProxySetup();
        try
        {
            stand.StartNginx(
                "upstream",
                $$"""
                server { listen 127.0.0.1:{{stand._ports[0]}} backlog=4096;
                  default_type application/json;
                  location = /api/v1/status/buildinfo { return 200 '{"status":"success","data":{"version":"2.42.0"} }'; }
                  location / { return 200 '{{Answer()}}'; }
                }
                """
            );
            stand.StartNginx(
                "proxies",
                $$"""
                upstream prometheus { server 127.0.0.1:{{stand._ports[0]}}; keepalive 64; keepalive_requests 1000000000; }
                proxy_http_version 1.1; proxy_set_header Connection "";
                server { listen 127.0.0.1:{{stand._ports[1]}}; location / { proxy_pass http://prometheus; } }
                server { listen 127.0.0.1:{{stand._ports[2]}}; location / { auth_basic metrics; auth_basic_user_file {{stand.Passwords(
                    "usual",
                    UsualHash
                )}}; proxy_pass http://prometheus; } }
                server { listen 127.0.0.1:{{stand._ports[3]}}; location / { auth_basic metrics; auth_basic_user_file {{stand.Passwords(
                    "quick",
                    QuickHash
                )}}; proxy_pass http://prometheus; } }
                """
            );
            stand.StartCaddy();
            await stand.UntilAllListenAsync();
            return stand;
        }
        catch
        {
            await stand.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
            await process.WaitForExitAsync();
            process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private Uri Url(int index) => new($"http://127.0.0.1:{_ports[index]}");

    /// <summary>1 KB in the shape of an instant query's answer.</summary>
    private static string Answer()
    {
        const string before = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":" """;
        const string after = """ "},"value":[1700000000.123,"1"]}]}}""";
        return before + new string('x', 1024 - before.Length - after.Length) + after;
    }

    private string Passwords(string name, string hash)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, $"{GatewayProcess.Tenant.Username}:{hash}\n");
        return path;
    }

    private void StartNginx(string name, string http)
    {
        var own = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        var paths = string.Concat(
            new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {own}/{kind};\n")
        );
        File.WriteAllText(
            Path.Combine(own, "nginx.conf"),
            $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            daemon off; worker_processes auto; pid {{own}}/pid; error_log stderr crit;
            events { worker_connections 1024; }
            http { access_log off; keepalive_requests 1000000000; {{paths}} {{http}} }
            """
        );
        _processes.Add(Process.Start(new ProcessStartInfo("nginx", ["-e", "stderr", "-p", own, "-c", Path.Combine(own, "nginx.conf")]))!);
    }

    private void StartCaddy()
    {
        var file = Path.Combine(_folder, "Caddyfile");
        File.WriteAllText(
            file,
            $"{{\n admin off\n auto_https off\n}}\n{Caddy.AbsoluteUri.TrimEnd('/')} {{\n reverse_proxy {Upstream.Authority}\n}}\n"
        );
        _processes.Add(
            Process.Start(
                new ProcessStartInfo("/bin/sh", ["-c", "exec caddy run --adapter caddyfile --config \"$0\" 2> /dev/null", file])
                {
                    Environment = { ["XDG_DATA_HOME"] = _folder, ["XDG_CONFIG_HOME"] = _folder },
                }
            )!
        );
    }

    private async Task UntilAllListenAsync()
    {
        using var http = new HttpClient();
        foreach (var index in Enumerable.Range(0, _ports.Length))
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    await http.GetAsync(Url(index));
                    break;
                }
                catch (HttpRequestException) when (attempt < 100)
                {
                    await Task.Delay(100);
                }
            }
        }
    }
}
