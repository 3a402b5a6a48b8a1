using System.Globalization;
using System.Text;
using AivenMetrics.Broker.Osb;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>Conditional requests for the catalog (docs/osb-conformance.md 35, RFC 9110 13.1).</summary>
public abstract class CatalogConditionTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : CatalogConditionTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : CatalogConditionTests(broker), IClassFixture<PostgresBroker>;

    [Theory]
    [InlineData(304, "{etag}")]
    [InlineData(304, "W/{etag}")]
    [InlineData(304, "*")]
    [InlineData(304, "\"other\", {etag}")]
    [InlineData(304, "\"a,b\",W/\"\" ,, W/{etag}")]
    [InlineData(200, "\"other\"")]
    [InlineData(200, "\"other\", W/\"another\"")]
    [InlineData(200, "malformed")]
    [InlineData(200, "{bare}")]
    [InlineData(200, "{etag}, malformed")]
    [InlineData(200, "")]
    public async Task Osb_35_an_entity_tag_is_compared_weakly_in_all_of_its_forms(int status, string form)
    {
        var etag = (await broker.GetAsync("/v2/catalog")).Response.Headers.ETag!.ToString();
        var answer = await GetAsync(
            "If-None-Match",
            form.Replace("{etag}", etag, StringComparison.Ordinal).Replace("{bare}", etag.Trim('"'), StringComparison.Ordinal)
        );

        Assert.Equal(status, answer.Status);
        Assert.Equal(etag, answer.Response.Headers.ETag!.ToString());
        Assert.Equal(status == 304, answer.Text.Length == 0);
    }

    [Theory]
    [InlineData(304, 0, "r")]
    [InlineData(304, 3600, "r")]
    [InlineData(304, 3600, "dddd, dd-MMM-yy HH:mm:ss 'GMT'")]
    [InlineData(304, 864000, "ddd MMM d HH:mm:ss yyyy")]
    [InlineData(200, -1, "r")]
    [InlineData(200, 3600, "yyyy-MM-dd'T'HH:mm:ss'Z'")]
    [InlineData(200, 3600, "ddd, dd MMM yyyy HH:mm:ss '+0000'")]
    [InlineData(200, 3600, "'tomorrow'")]
    public async Task Osb_35_an_unmodified_catalog_is_304_and_an_invalid_date_is_ignored(int status, int seconds, string format)
    {
        var modified = (await broker.GetAsync("/v2/catalog")).Response.Content.Headers.LastModified!.Value;
        var answer = await GetAsync("If-Modified-Since", modified.AddSeconds(seconds).ToString(format, CultureInfo.InvariantCulture));

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task Osb_35_an_entity_tag_takes_precedence_over_a_date()
    {
        var tomorrow = DateTimeOffset.UtcNow.AddDays(1).ToString("r");
        var etag = (await broker.GetAsync("/v2/catalog")).Response.Headers.ETag!.ToString();

        Assert.Equal(200, (await GetAsync("If-None-Match", "\"other\"", tomorrow)).Status);
        Assert.Equal(200, (await GetAsync("If-None-Match", "malformed", tomorrow)).Status);
        Assert.Equal(304, (await GetAsync("If-None-Match", etag, DateTimeOffset.UnixEpoch.ToString("r"))).Status);
    }

    [Fact]
    public async Task Osb_35_a_catalog_that_is_not_modified_allocates_next_to_nothing()
    {
        var pipeline = broker.Service<OsbPipeline>();
        var catalog = broker.Service<CatalogHandler>();
        var etag = (await broker.GetAsync("/v2/catalog")).Response.Headers.ETag!.ToString();
        var credentials = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"broker:{BrokerHost.Password}"));
        var contexts = Enumerable.Range(0, 1100).Select(_ => Request(credentials, etag)).ToList();
        foreach (var context in contexts.Take(100))
        {
            await pipeline.HandleAsync(context, "Catalog", catalog.FetchAsync);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var context in contexts.Skip(100))
        {
            var run = pipeline.HandleAsync(context, "Catalog", catalog.FetchAsync);
            Assert.True(run.IsCompletedSuccessfully);
        }

        var perRequest = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000;
        Assert.All(contexts, context => Assert.Equal(304, context.Response.StatusCode));
        // Mostly allocations of the test's own contexts; the body of the catalog alone has more than 3,000 bytes.
        Assert.InRange(perRequest, 0, 1024);
        TestContext.Current.TestOutputHelper?.WriteLine($"{perRequest} bytes per 304");
    }

    private static DefaultHttpContext Request(string credentials, string etag)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        context.Request.Headers.Authorization = credentials;
        context.Request.Headers.IfNoneMatch = etag;
        context.Request.Headers["X-Broker-API-Version"] = "2.17";
        return context;
    }

    private async Task<BrokerResponse> GetAsync(string header, string value, string? since = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/catalog");
        request.Headers.TryAddWithoutValidation(header, value);
        if (since is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Modified-Since", since);
        }
        return await BrokerResponse.ReadAsync(await broker.Client.SendAsync(request));
    }
}
