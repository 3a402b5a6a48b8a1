using System.Buffers.Text;
using System.Text;
using AivenMetrics.Authentication;
using Xunit;

namespace AivenMetrics.Tests.Authentication;

public sealed class BasicCredentialsTests
{
    [Theory]
    [InlineData("user:password", "user", "password")]
    [InlineData("user:", "user", "")]
    [InlineData(":password", "", "password")]
    [InlineData("user:pass:word", "user", "pass:word")]
    [InlineData("ü:ß", "ü", "ß")]
    public void The_first_colon_separates_user_and_password(string text, string username, string password)
    {
        var bytes = Encoding.UTF8.GetBytes(text);

        Assert.Equal((username, password), Basic("Basic " + Convert.ToBase64String(bytes)));
        Assert.Equal((username, password), Basic("bAsIc  " + Convert.ToBase64String(bytes) + " "));
        Assert.Equal((username, password), Bearer("Bearer " + Base64Url.EncodeToString(bytes)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic dXNlcg==")]
    [InlineData("Basic user:password")]
    [InlineData("Bearer dXNlcg")]
    [InlineData("Digest dXNlcjpwYXNzd29yZA==")]
    public void Another_header_has_no_credentials(string header)
    {
        Assert.Null(Basic(header));
        Assert.Null(Bearer(header));
    }

    [Fact]
    public void Each_scheme_has_its_own_encoding()
    {
        var bytes = Encoding.UTF8.GetBytes("u:>>>???");

        Assert.NotNull(Basic("Basic " + Convert.ToBase64String(bytes)));
        Assert.Null(Basic("Basic " + Base64Url.EncodeToString(bytes)));
        Assert.NotNull(Bearer("Bearer " + Base64Url.EncodeToString(bytes)));
        Assert.Null(Bearer("Bearer " + Convert.ToBase64String(bytes)));
    }

    [Fact]
    public void A_digest_matches_only_its_secret()
    {
        var digest = SecretDigest.Compute("secret");

        Assert.True(SecretDigest.Matches("secret"u8, digest));
        Assert.False(SecretDigest.Matches("Secret"u8, digest));
        Assert.False(SecretDigest.Matches("secret"u8, new byte[SecretDigest.Length]));
    }

    private static (string Username, string Password)? Basic(string header)
    {
        return BasicCredentials.TryParseBasic(header, new byte[256], out var credentials) ? Text(credentials) : null;
    }

    private static (string Username, string Password)? Bearer(string header)
    {
        return BasicCredentials.TryParseBearer(header, new byte[256], out var credentials) ? Text(credentials) : null;
    }

    private static (string Username, string Password) Text(BasicCredentials credentials) =>
        (Encoding.UTF8.GetString(credentials.Username), Encoding.UTF8.GetString(credentials.Password));
}
