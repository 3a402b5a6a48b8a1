using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Dns;

public class DnsServerTests
{
    [Theory]
    [InlineData("opensearch")]
    [InlineData("kafka")]
    public async Task A_host_of_a_type_without_standbys_resolves_to_all_nodes(string type)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("service-1", type, "business-4");
        var (code, addresses) = await QueryAsync(simulator, "service-1-demo.a.aivencloud.com");
        Assert.Equal(0, code);
        Assert.Equal(3, addresses.Length);
        Assert.Equal(await simulator.GetAddressesAsync("service-1"), addresses);
        Assert.Equal(3, (await QueryAsync(simulator, "replica-service-1-demo.a.aivencloud.com")).Code);
    }

    [Theory]
    [InlineData("pg")]
    [InlineData("mysql")]
    [InlineData("valkey")]
    [InlineData("redis")]
    public async Task Only_the_replica_name_resolves_to_standbys(string type)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", type, "premium-4");
        var nodes = await simulator.GetAddressesAsync("db-1");
        Assert.Equal(nodes[..1], (await QueryAsync(simulator, "db-1-demo.a.aivencloud.com")).Addresses);
        Assert.Equal(nodes[1..], (await QueryAsync(simulator, "replica-db-1-demo.a.aivencloud.com")).Addresses);
    }

    [Fact]
    public async Task An_unknown_name_is_NXDOMAIN()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg");
        Assert.Equal(3, (await QueryAsync(simulator, "other-demo.a.aivencloud.com")).Code);
        Assert.Equal(3, (await QueryAsync(simulator, "replica-db-1-demo.a.aivencloud.com")).Code);
        Assert.Equal(3, (await QueryAsync(simulator, "example.org")).Code);
    }

    [Fact]
    public async Task Names_are_not_case_sensitive_and_other_types_have_no_records()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg");
        Assert.Single((await QueryAsync(simulator, "DB-1-Demo.a.AivenCloud.com")).Addresses);
        var (code, addresses) = await QueryAsync(simulator, "db-1-demo.a.aivencloud.com", type: 28);
        Assert.Equal(0, code);
        Assert.Empty(addresses);
    }

    [Fact]
    public async Task TCP_responses_equal_UDP_responses()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1", plan: "business-4");
        using var client = new TcpClient();
        await client.ConnectAsync(simulator.Dns);
        var query = Query("search-1-demo.a.aivencloud.com", 1);
        for (var times = 0; times < 2; times++)
        {
            await client.GetStream().WriteAsync((byte[])[(byte)(query.Length >> 8), (byte)query.Length, .. query]);
            var length = new byte[2];
            await client.GetStream().ReadExactlyAsync(length);
            var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
            await client.GetStream().ReadExactlyAsync(answer);
            Assert.Equal(await simulator.GetAddressesAsync("search-1"), Read(answer).Addresses);
        }
    }

    [Fact]
    public async Task A_response_over_512_bytes_is_truncated_over_UDP_and_complete_over_TCP()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1", plan: "premium-4");
        for (var node = 1; node <= 30; node++)
        {
            await simulator.ReplaceNodeAsync("search-1", node, leaveSeconds: 60);
        }
        var answer = await ExchangeAsync(simulator, Query("search-1-demo.a.aivencloud.com", 1));
        Assert.Equal(2, answer[2] & 2);
        Assert.Empty(Read(answer).Addresses);

        using var client = new TcpClient();
        await client.ConnectAsync(simulator.Dns);
        var query = Query("search-1-demo.a.aivencloud.com", 1);
        await client.GetStream().WriteAsync((byte[])[(byte)(query.Length >> 8), (byte)query.Length, .. query]);
        var length = new byte[2];
        await client.GetStream().ReadExactlyAsync(length);
        var whole = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await client.GetStream().ReadExactlyAsync(whole);
        Assert.Equal(36, Read(whole).Addresses.Length);
    }

    [Fact]
    public async Task The_hosts_of_powered_off_and_building_services_do_not_exist()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        await simulator.CallAdminAsync("POST", "/projects/demo/services/search-1/power-off");
        Assert.Equal(3, (await QueryAsync(simulator, "search-1-demo.a.aivencloud.com")).Code);
        await simulator.CallAdminAsync("POST", "/projects/demo/services/search-1/power-on", new JsonObject { ["build_seconds"] = 30 });
        Assert.Equal(3, (await QueryAsync(simulator, "search-1-demo.a.aivencloud.com")).Code);
        simulator.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Single((await QueryAsync(simulator, "search-1-demo.a.aivencloud.com")).Addresses);
    }

    [Fact]
    public async Task A_replaced_node_stays_in_DNS_beside_its_successor_and_is_removed_later()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1", plan: "business-4");
        var old = await simulator.GetAddressesAsync("search-1");
        var replaced = await simulator.CallAdminAsync(
            "POST",
            "/projects/demo/services/search-1/nodes/search-1-2/replace",
            new JsonObject { ["join_seconds"] = 5, ["leave_seconds"] = 15 }
        );
        Assert.Equal((old[1], "search-1-4"), ((string)replaced["old"]["address"]!, (string)replaced["new"]["name"]!));
        var added = (string)replaced["new"]["address"]!;
        Assert.Equal(old, (await QueryAsync(simulator, "search-1-demo.a.aivencloud.com")).Addresses);
        simulator.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((string[])[.. old, added], (await QueryAsync(simulator, "search-1-demo.a.aivencloud.com")).Addresses);
        Assert.Equal("REBALANCING", (string)(await simulator.GetServiceAsync("search-1"))["state"]!);
        simulator.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((string[])[old[0], old[2], added], (await QueryAsync(simulator, "search-1-demo.a.aivencloud.com")).Addresses);
        Assert.Equal("RUNNING", (string)(await simulator.GetServiceAsync("search-1"))["state"]!);
    }

    [Fact]
    public async Task A_replaced_primary_keeps_its_name()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg", "business-4");
        var standby = (await simulator.GetAddressesAsync("db-1"))[1];
        var replaced = await simulator.ReplaceNodeAsync("db-1", 1, leaveSeconds: 0);
        Assert.Equal(
            (string)replaced["new"]["address"]!,
            Assert.Single((await QueryAsync(simulator, "db-1-demo.a.aivencloud.com")).Addresses)
        );
        Assert.Equal(standby, Assert.Single((await QueryAsync(simulator, "replica-db-1-demo.a.aivencloud.com")).Addresses));
    }

    [Theory]
    [InlineData("servfail", 2)]
    [InlineData("nxdomain", 3)]
    [InlineData("refused", 5)]
    [InlineData("empty", 0)]
    public async Task An_injected_fault_changes_the_next_responses_for_a_host(string kind, int code)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg");
        await simulator.CreateServiceAsync("db-2", "pg");
        await simulator.CallAdminAsync(
            "POST",
            "/dns/faults",
            new JsonObject
            {
                ["host"] = "db-1-*",
                ["kind"] = kind,
                ["count"] = 2,
            }
        );
        Assert.Single((await QueryAsync(simulator, "db-2-demo.a.aivencloud.com")).Addresses);
        for (var times = 0; times < 2; times++)
        {
            var answer = await QueryAsync(simulator, "db-1-demo.a.aivencloud.com");
            Assert.Equal((code, 0), (answer.Code, answer.Addresses.Length));
        }

        Assert.Single((await QueryAsync(simulator, "db-1-demo.a.aivencloud.com")).Addresses);
    }

    [Fact]
    public async Task An_injected_fault_can_suppress_the_response()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg");
        await simulator.CallAdminAsync("POST", "/dns/faults", new JsonObject { ["kind"] = "timeout", ["always"] = true });
        await Assert.ThrowsAsync<OperationCanceledException>(() => QueryAsync(simulator, "db-1-demo.a.aivencloud.com"));
        await simulator.CallAdminAsync("DELETE", "/dns/faults");
        Assert.Single((await QueryAsync(simulator, "db-1-demo.a.aivencloud.com")).Addresses);
    }

    [Fact]
    public async Task Malformed_messages_do_not_stop_the_server()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg");
        using var client = new UdpClient();
        client.Connect(simulator.Dns);
        var query = Query("db-1-demo.a.aivencloud.com", 1);
        for (var length = 0; length < query.Length; length++)
        {
            await client.SendAsync(query.AsMemory(0, length));
        }
        await client.SendAsync((byte[])[.. query[..12], 0xC0, 12, 0, 1, 0, 1]);
        Assert.Single((await QueryAsync(simulator, "db-1-demo.a.aivencloud.com")).Addresses);
        Assert.Equal(1, Read(await ExchangeAsync(simulator, query[..20])).Code);
    }

    private static async Task<(int Code, string[] Addresses)> QueryAsync(SimulatorHost simulator, string name, ushort type = 1) =>
        Read(await ExchangeAsync(simulator, Query(name, type)));

    private static async Task<byte[]> ExchangeAsync(SimulatorHost simulator, byte[] query)
    {
        using var client = new UdpClient();
        client.Connect(simulator.Dns);
        await client.SendAsync(query);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        return (await client.ReceiveAsync(timeout.Token)).Buffer;
    }

    private static byte[] Query(string name, ushort type)
    {
        var labels = name.Split('.').SelectMany(label => Encoding.ASCII.GetBytes(label).Prepend((byte)label.Length));
        return [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. labels, 0, (byte)(type >> 8), (byte)type, 0, 1];
    }

    // Parses the responses of this server: the question, then records of a fixed length.
    private static (int Code, string[] Addresses) Read(byte[] answer)
    {
        Assert.Equal([0x12, 0x34], answer[..2]);
        Assert.Equal(0x80, answer[2] & 0x80);
        var count = BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(6));
        var records = answer[^(16 * count)..].Chunk(16);
        return (answer[3] & 15, [.. records.Select(record => new IPAddress(record[12..]).ToString())]);
    }
}
