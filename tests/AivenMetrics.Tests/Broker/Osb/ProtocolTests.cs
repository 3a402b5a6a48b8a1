using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>Rules for all endpoints (docs/osb-conformance.md 1 to 23).</summary>
public abstract class ProtocolTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : ProtocolTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : ProtocolTests(broker), IClassFixture<PostgresBroker>;

    [Theory]
    [InlineData("broker", "wrong")]
    [InlineData("wrong", BrokerHost.Password)]
    [InlineData("", "")]
    [InlineData("broker", "")]
    public async Task Osb_1_wrong_credentials_are_401_with_a_challenge(string username, string password)
    {
        using var client = broker.NewClient(username, password);

        var answer = await BrokerResponse.ReadAsync(await client.GetAsync("/v2/catalog"));

        Assert.Equal(401, answer.Status);
        Assert.Equal("Basic", Assert.Single(answer.Response.Headers.WwwAuthenticate).Scheme);
        Assert.NotEmpty(answer.Description!);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Basic")]
    [InlineData("Basic !!!")]
    [InlineData("Basic bm9jb2xvbg==")]
    [InlineData("Bearer token")]
    public async Task Osb_1_anything_but_basic_credentials_is_401(string? header)
    {
        using var client = broker.NewClient();
        client.DefaultRequestHeaders.Remove("Authorization");
        if (header is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v2/catalog")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v2/unknown")).StatusCode);
    }

    [Fact]
    public async Task Osb_3_an_unauthenticated_provision_creates_nothing()
    {
        using var stranger = broker.NewClient(password: "wrong");
        using var body = new StringContent(BrokerHost.Provision().ToJsonString(), Encoding.UTF8, "application/json");

        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.PutAsync("/v2/service_instances/refused", body)).StatusCode);

        Assert.Equal(404, (await broker.GetAsync("/v2/service_instances/refused")).Status);
    }

    [Fact]
    public async Task Osb_4_the_scheme_is_case_insensitive()
    {
        using var client = broker.NewClient();
        var parameter = client.DefaultRequestHeaders.Authorization!.Parameter;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("bAsIc", parameter);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v2/catalog")).StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("1.0")]
    [InlineData("2.12")]
    [InlineData("2.1")]
    [InlineData("2.0")]
    [InlineData("3.0")]
    [InlineData("2")]
    [InlineData("2.x")]
    [InlineData("2.17.1")]
    [InlineData("-2.17")]
    public async Task Osb_6_a_version_that_cannot_be_served_is_412_and_names_the_ones_that_can(string? version)
    {
        using var client = broker.NewClient(version: version);

        var answer = await BrokerResponse.ReadAsync(await client.GetAsync("/v2/catalog"));

        Assert.Equal(412, answer.Status);
        Assert.Contains("2.13", answer.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2.13")]
    [InlineData("2.15")]
    [InlineData("2.17")]
    [InlineData("2.99")]
    [InlineData("2.100")]
    [InlineData("2.99999999999999999999")]
    [InlineData("02.017")]
    public async Task Osb_7_newer_minors_are_served_and_compared_as_numbers(string version)
    {
        using var client = broker.NewClient(version: version);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v2/catalog")).StatusCode);
    }

    [Theory]
    [InlineData("/v2/catalog", true, 200)]
    [InlineData("/v2/service_instances/unknown", true, 404)]
    [InlineData("/v2/unknown", true, 404)]
    [InlineData("/v2/catalog", false, 401)]
    public async Task Osb_8_the_request_identity_comes_back_on_success_and_error(string path, bool authenticated, int status)
    {
        using var client = broker.NewClient(password: authenticated ? BrokerHost.Password : "wrong");
        client.DefaultRequestHeaders.Add("X-Broker-API-Request-Identity", "not a guid; 42");

        using var response = await client.GetAsync(path);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("not a guid; 42", Assert.Single(response.Headers.GetValues("X-Broker-API-Request-Identity")));
    }

    [Theory]
    [InlineData("cloudfoundry eyJ1c2VyX2lkIjoidSJ9", 200)]
    [InlineData("kubernetes   eyJ1c2VybmFtZSI6InUifQ==", 200)]
    [InlineData("cloudfoundry %%%", 400)]
    [InlineData("cloudfoundry", 400)]
    [InlineData("cloudfoundry W10=", 400)]
    [InlineData("cloudfoundry e30= more", 400)]
    [InlineData("cloudfoundry eyJ1c2VyX2lkIjoiYSIsInVzZXJfaWQiOiJiIn0=", 400)]
    public async Task Osb_9_an_originating_identity_is_a_platform_and_an_object_in_base64_or_400(string identity, int status)
    {
        using var client = broker.NewClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Broker-API-Originating-Identity", identity);

        Assert.Equal(status, (int)(await client.GetAsync("/v2/catalog")).StatusCode);
    }

    [Theory]
    [InlineData("GET", "/v2/catalog")]
    [InlineData("GET", "/v2/service_instances/unknown")]
    [InlineData("DELETE", "/v2/service_instances/unknown?service_id=a&plan_id=b")]
    [InlineData("POST", "/v2/catalog")]
    public async Task Osb_13_every_answer_is_json_and_is_not_stored(string method, string path)
    {
        using var response = await broker.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.True(response.Headers.CacheControl is { NoStore: true } or { NoCache: true });
        Assert.StartsWith("{", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/xml")]
    public async Task Osb_14_another_content_type_is_400(string type)
    {
        using var body = new StringContent(BrokerHost.Provision().ToJsonString(), Encoding.UTF8, type);

        var answer = await BrokerResponse.ReadAsync(await broker.Client.PutAsync($"/v2/service_instances/{Guid.NewGuid()}", body));

        Assert.Equal(400, answer.Status);
        Assert.Contains("application/json", answer.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    public async Task Osb_14_json_is_accepted_with_or_without_its_content_type(string? type)
    {
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(BrokerHost.Provision().ToJsonString()));
        if (type is not null)
        {
            body.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }

        Assert.Equal(HttpStatusCode.Created, (await broker.Client.PutAsync($"/v2/service_instances/{Guid.NewGuid()}", body)).StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("42")]
    [InlineData("\"text\"")]
    [InlineData("{\"service_id\":\"a\",\"service_id\":\"b\"}")]
    [InlineData("{\"service_id\":\"\\ud800\"}")]
    [InlineData("{\"service_id\":\"a\\u0000b\"}")]
    [InlineData("{\"x\":[{\"y\":\"\\udfff\"}]}")]
    public async Task Osb_14_a_malformed_body_is_400(string text)
    {
        using var body = new StringContent(text, Encoding.UTF8, "application/json");

        var answer = await BrokerResponse.ReadAsync(await broker.Client.PutAsync($"/v2/service_instances/{Guid.NewGuid()}", body));

        Assert.Equal(400, answer.Status);
        Assert.NotEmpty(answer.Description!);
    }

    [Fact]
    public async Task Osb_14_bytes_that_are_not_utf8_and_json_nested_too_deep_are_400()
    {
        using var latin1 = new ByteArrayContent([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]);
        using var deep = new StringContent(new string('[', 100_000), Encoding.UTF8, "application/json");

        Assert.Equal(HttpStatusCode.BadRequest, (await broker.Client.PutAsync("/v2/service_instances/a", latin1)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await broker.Client.PutAsync("/v2/service_instances/a", deep)).StatusCode);
    }

    [Theory]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"service_id":"\udfff"}""")]
    [InlineData("""{"parameters":{"\ud800":1,"\ud800":2}}""")]
    public async Task Osb_23_a_lone_surrogate_in_a_name_or_a_text_is_400(string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");

        Assert.Equal(HttpStatusCode.BadRequest, (await broker.Client.PutAsync("/v2/service_instances/a", body)).StatusCode);
    }

    [Theory]
    [InlineData("%FF")]
    [InlineData("%ED%A0%80")]
    public async Task Osb_21_an_id_that_cannot_be_decoded_is_400(string encoded)
    {
        var answer = await broker.PutAsync($"/v2/service_instances/{encoded}", BrokerHost.Provision());

        Assert.Equal((400, true), (answer.Status, answer.Description?.Length > 0));
    }

    [Fact]
    public async Task A_name_that_is_too_long_for_a_label_is_400_and_named()
    {
        var body = BrokerHost.Provision();
        body["context"]!["space_name"] = new string('x', 256);

        var answer = await broker.PutAsync("/v2/service_instances/long-name", body);

        Assert.Equal((400, "The field context.space_name is longer than 255 characters."), (answer.Status, answer.Description));
    }

    [Theory]
    [InlineData("GET", "/", 404)]
    [InlineData("GET", "/v3/catalog", 404)]
    [InlineData("GET", "/metrics", 404)]
    [InlineData("POST", "/feed/v1/targets", 405)]
    [InlineData("DELETE", "/feed/v1/credentials", 405)]
    public async Task Every_other_path_and_method_is_rejected_in_the_same_format(string method, string path, int status)
    {
        var answer = await broker.SendAsync(new HttpMethod(method), path);

        Assert.Equal((status, true), (answer.Status, answer.Description?.Length > 0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_1_MiB_is_413_announced_or_not(bool announced)
    {
        var bytes = new byte[1024 * 1024 + 1];
        Array.Fill(bytes, (byte)' ');
        using HttpContent body = announced ? new ByteArrayContent(bytes) : new StreamContent(new UnknownLength(bytes));
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v2/service_instances/large") { Content = body };
        request.Headers.TransferEncodingChunked = !announced;

        var answer = await BrokerResponse.ReadAsync(await broker.Client.SendAsync(request));

        Assert.Equal(413, answer.Status);
        Assert.Contains("1 MiB", answer.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("a%20b%3Fc%23d", "a b?c#d")]
    [InlineData("%C3%A9%F0%9F%98%80", "é😀")]
    [InlineData("a+b", "a+b")]
    public async Task Osb_21_ids_are_percent_decoded_once(string encoded, string id)
    {
        var path = $"/v2/service_instances/{encoded}";
        await broker.PutAsync(path, BrokerHost.Provision());
        var binding = $"{path}/service_bindings/{encoded}";

        Assert.Equal(201, (await broker.PutAsync(binding, BrokerHost.Bind())).Status);

        var store = broker.Service<AivenMetrics.Broker.State.BindingStore>();
        Assert.NotNull(await store.FindAsync(new(id), new(id), CancellationToken.None));
        Assert.Equal(200, (await broker.GetAsync(binding)).Status);
        Assert.Equal(200, (await broker.DeleteAsync(BrokerHost.WithPlan(binding))).Status);
    }

    [Fact]
    public async Task An_id_longer_than_255_characters_is_400()
    {
        var answer = await broker.PutAsync($"/v2/service_instances/{new string('a', 256)}", BrokerHost.Provision());

        Assert.Equal(400, answer.Status);
        Assert.Contains("instance_id", answer.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /v2/service_instances/x/../y HTTP/1.1")]
    [InlineData("GET /v2/./service_instances/y HTTP/1.1")]
    public async Task A_path_with_dot_segments_is_never_read_as_another_id(string requestLine)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(broker.Client.BaseAddress!.Host, broker.Client.BaseAddress.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"{requestLine}\r\nHost: broker\r\nAuthorization: {broker.Client.DefaultRequestHeaders.Authorization}\r\n"
                    + "X-Broker-API-Version: 2.17\r\nConnection: close\r\n\r\n"
            )
        );

        var answer = await new StreamReader(stream).ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 404", answer, StringComparison.Ordinal);
        Assert.Contains("path does not exist", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v2")]
    [InlineData("GET", "/v2/unknown")]
    [InlineData("PUT", "/v2/service_instances")]
    [InlineData("GET", "/v2/service_instances/i/service_bindings")]
    [InlineData("GET", "/v2/service_instances/i/service_bindings/b/last_operation/more")]
    public async Task An_unknown_path_is_404_in_the_format_of_the_protocol(string method, string path)
    {
        var answer = await broker.SendAsync(new HttpMethod(method), path);

        Assert.Equal(404, answer.Status);
        Assert.NotEmpty(answer.Description!);
    }

    [Theory]
    [InlineData("POST", "/v2/catalog", "GET")]
    [InlineData("POST", "/v2/service_instances/i", "DELETE, GET, PATCH, PUT")]
    [InlineData("PATCH", "/v2/service_instances/i/service_bindings/b", "DELETE, GET, PUT")]
    [InlineData("DELETE", "/v2/service_instances/i/last_operation", "GET")]
    public async Task Another_method_is_405_with_the_allowed_methods(string method, string path, string allowed)
    {
        var answer = await broker.SendAsync(new HttpMethod(method), path);

        Assert.Equal(405, answer.Status);
        Assert.Equal(allowed.Split(", "), answer.Response.Content.Headers.Allow.Order(StringComparer.Ordinal));
        Assert.NotEmpty(answer.Description!);
    }

    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
