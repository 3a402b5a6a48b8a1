using System.Diagnostics;
using System.Net;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Testing;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Authentication;

public sealed class CredentialFileTests : GatewayTestBase
{
    private const string Target = "/api/v1/query?query=up";
    private const string SpaceA = """[{"name":"space_id","type":"=","value":"a"}]""";
    private static readonly (string Username, string Password) B = ("tenant-b", "secret-of-b");

    private readonly FakeTimeProvider _time = new();

    protected override Task<RunningGateway> StartGatewayAsync() =>
        RunningGateway.StartAsync([Prometheus.Url], RunningGateway.DefaultTenants, _time, TimeSpan.FromHours(12));

    [Fact]
    public async Task A_file_that_is_overwritten_in_place_is_applied()
    {
        await File.WriteAllTextAsync(Gateway.TenantsFile, OnlyB());
        await UntilStatusAsync(B, HttpStatusCode.OK);
        await UntilStatusAsync(RunningGateway.TenantA, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_file_that_is_renamed_into_place_is_applied_even_with_equal_time_and_length()
    {
        var json = await File.ReadAllTextAsync(Gateway.TenantsFile);
        var next = Gateway.TenantsFile + ".next";
        await File.WriteAllTextAsync(next, json.Replace("tenant-a", "tenant-b", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(next, File.GetLastWriteTimeUtc(Gateway.TenantsFile));
        File.Move(next, Gateway.TenantsFile, overwrite: true);
        await UntilStatusAsync((B.Username, RunningGateway.TenantA.Password), HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"credentials\":null}")]
    [InlineData("{\"credentials\":[null]}")]
    [InlineData("{\"credentials\":[{\"username\":\"tenant-b\",\"secret_sha256\":\"12\",\"matchers\":[],\"plan\":\"space\"}]}")]
    [InlineData("{\"credentials\":[{\"username\":\"tenant-b\"")]
    [InlineData("{\"credentials\":[],\"credentials\":[]}")]
    public async Task An_invalid_file_changes_nothing_and_is_logged_once(string content)
    {
        await File.WriteAllTextAsync(Gateway.TenantsFile, content);
        await Gateway.WaitUntilAsync(
            () => Gateway.Log.Any(line => line.Contains("Update of the credentials", StringComparison.Ordinal)),
            "the log line",
            Tick
        );
        for (var i = 0; i < 10; i++)
        {
            Tick();
            await Task.Delay(10);
        }

        await UntilStatusAsync(RunningGateway.TenantA, HttpStatusCode.OK);
        Assert.Single(Gateway.Log, line => line.Contains("Update of the credentials", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_valid_file_after_an_invalid_one_is_applied()
    {
        var json = OnlyB();
        await File.WriteAllTextAsync(Gateway.TenantsFile, json[..(json.Length / 2)]);
        await Gateway.WaitUntilAsync(
            () => Gateway.Log.Any(line => line.Contains("Update of the credentials", StringComparison.Ordinal)),
            "the log line",
            Tick
        );
        await File.WriteAllTextAsync(Gateway.TenantsFile, json);
        await UntilStatusAsync(B, HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_deleted_file_changes_nothing()
    {
        File.Delete(Gateway.TenantsFile);
        await Gateway.WaitUntilAsync(
            () => Gateway.Log.Any(line => line.Contains("there is no such file", StringComparison.Ordinal)),
            "the log line",
            Tick
        );
        await UntilStatusAsync(RunningGateway.TenantA, HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_file_with_a_duplicate_username_is_rejected()
    {
        await File.WriteAllTextAsync(
            Gateway.TenantsFile,
            RunningGateway.TenantsJson(RunningGateway.Tenant(B, SpaceA), RunningGateway.Tenant((B.Username, "another"), SpaceA))
        );
        await Gateway.WaitUntilAsync(
            () => Gateway.Log.Any(line => line.Contains("tenant-b is listed twice", StringComparison.Ordinal)),
            "the log line",
            Tick
        );
        await UntilStatusAsync(B, HttpStatusCode.Unauthorized);
        await UntilStatusAsync(RunningGateway.TenantA, HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_empty_list_revokes_every_credential()
    {
        await File.WriteAllTextAsync(Gateway.TenantsFile, RunningGateway.TenantsJson());
        await UntilStatusAsync(RunningGateway.TenantA, HttpStatusCode.Unauthorized);
        Assert.Single(Gateway.Log, line =>
            line.StartsWith($"Warning: All 2 credentials were removed from {Gateway.TenantsFile};", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/dev/null")]
    public void A_device_is_rejected(string path) =>
        Assert.Equal(
            $"Gateway:TenantsFile cannot be used: {path} is empty or not a regular file: name a file that contains credentials.",
            Assert.Single(new GatewayOptions { Prometheus = ["http://127.0.0.1:9"], TenantsFile = path }.Validate())
        );

    [Fact]
    public void A_pipe_is_rejected_both_directly_and_through_a_link()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-test-").FullName;
        try
        {
            var (pipe, link) = (Path.Combine(folder, "pipe"), Path.Combine(folder, "link"));
            using (var mkfifo = Process.Start("mkfifo", [pipe]))
            {
                mkfifo.WaitForExit();
            }
            File.CreateSymbolicLink(link, pipe);
            foreach (var path in (string[])[pipe, link])
            {
                Assert.StartsWith(
                    $"{path} is empty or not a regular file",
                    CredentialFileSource.Read(path).Error,
                    StringComparison.Ordinal
                );
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_link_to_a_file_is_read()
    {
        var link = Gateway.TenantsFile + ".link";
        File.CreateSymbolicLink(link, Path.GetFileName(Gateway.TenantsFile));
        Assert.Equal(2, CredentialFileSource.Read(link).Snapshot!.Count);
    }

    [Fact]
    public async Task The_age_of_the_tenants_is_the_time_since_the_file_was_last_valid()
    {
        var tenants = Gateway.Provider.GetRequiredService<CredentialStore>();
        await File.WriteAllTextAsync(Gateway.TenantsFile, "{");
        await Gateway.WaitUntilAsync(() => tenants.Age > CredentialFileSource.Interval * 5, "an age of more than 5 intervals", Tick);
        await File.WriteAllTextAsync(Gateway.TenantsFile, OnlyB());
        await Gateway.WaitUntilAsync(() => tenants.Age <= CredentialFileSource.Interval, "an age of at most one interval", Tick);
    }

    [Fact]
    public void A_directory_is_rejected()
    {
        var folder = AppContext.BaseDirectory;
        Assert.Equal(
            $"Gateway:TenantsFile cannot be used: {folder} is a directory: name the file in it.",
            Assert.Single(new GatewayOptions { Prometheus = ["http://127.0.0.1:9"], TenantsFile = folder }.Validate())
        );
    }

    [Theory]
    [InlineData(null, "there is no such file")]
    [InlineData("{\"credentials\":", "is not a valid tenants file (line 1")]
    [InlineData(
        "{\"credentials\":[{\"username\":\"u\",\"secret_sha256\":\"0\",\"matchers\":[],\"plan\":\"p\"}]}",
        "secret_sha256 is not 64 hexadecimal digits"
    )]
    [InlineData(
        "{\"credentials\":[{\"username\":\"u\",\"secret_sha256\":\"0\",\"matchers\":[],\"plan\":\"p\","
            + "\"not_aftr\":\"2026-01-01T00:00:00Z\"}]}",
        "missing, unknown, duplicate or of the wrong type"
    )]
    public void A_missing_or_invalid_file_is_an_error_at_start(string? content, string fault)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            if (content is not null)
            {
                File.WriteAllText(path, content);
            }
            var reported = Assert.Single(new GatewayOptions { Prometheus = ["http://127.0.0.1:9"], TenantsFile = path }.Validate());
            Assert.StartsWith("Gateway:TenantsFile cannot be used: ", reported);
            Assert.Contains(fault, reported);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Advances the clock by one interval, so that the file is read.</summary>
    private void Tick() => _time.Advance(CredentialFileSource.Interval);

    private static string OnlyB() => RunningGateway.TenantsJson(RunningGateway.Tenant(B, SpaceA));

    private async Task UntilStatusAsync((string Username, string Password) user, HttpStatusCode expected)
    {
        var last = default(HttpStatusCode);
        for (var i = 0; i < 200 && last != expected; i++)
        {
            using var response = await Gateway.SendAsync(user, HttpMethod.Get, Target);
            last = response.StatusCode;
            if (last != expected)
            {
                Tick();
                await Task.Delay(10);
            }
        }

        Assert.Equal(expected, last);
    }
}
