using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace AivenMetrics.Broker.State;

/// <summary>
/// Reads a PostgreSQL connection URI as libpq does (PostgreSQL documentation, "Connection URIs"). <see cref="PostgresParameters"/>
/// translates its parts for Npgsql. No message repeats a value: the URI may contain a password.
/// </summary>
internal sealed partial class PostgresUri
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly string _userInfo;
    private readonly string _authority;
    private readonly string _path;
    private readonly string _query;
    private readonly PostgresParameters _parameters;

    private PostgresUri(string uri)
    {
        var rest = uri[(uri.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var pathStart = rest.IndexOf('/', StringComparison.Ordinal);
        var beforePath = pathStart < 0 ? rest : rest[..pathStart];
        // As libpq: everything before an '@' is user and password, even a question mark.
        var at = beforePath.LastIndexOf('@');
        var afterUser = rest[(at + 1)..];
        var query = afterUser.IndexOf('?', StringComparison.Ordinal);
        _query = query < 0 ? "" : afterUser[(query + 1)..];
        var location = query < 0 ? afterUser : afterUser[..query];
        var slash = location.IndexOf('/', StringComparison.Ordinal);
        _authority = slash < 0 ? location : location[..slash];
        _path = slash < 0 ? "" : location[(slash + 1)..];
        // A password with a bare slash ends up in the path or the query: then no part of them may appear in a message.
        _parameters = new PostgresParameters(namesMayBeSecret: afterUser.Contains('@', StringComparison.Ordinal));
        _userInfo = at < 0 ? "" : beforePath[..at];
    }

    /// <summary>Returns true when the text starts with the scheme <c>postgres</c> or <c>postgresql</c>.</summary>
    public static bool IsUri(string text) =>
        text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Parses a URI.</summary>
    /// <exception cref="ArgumentException">The URI is malformed, or a parameter is unknown or has a value that is not allowed.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string uri) => new PostgresUri(uri).Build();

    private NpgsqlConnectionStringBuilder Build()
    {
        ReadUser();
        ReadHosts();
        _parameters.Apply("dbname", Decode(_path, "database name"));
        foreach (var parameter in _query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new ArgumentException("The PostgreSQL URL has a parameter without '=' or without a name: write name=value.");
            }

            var name = Decode(parameter[..equals], "name of a parameter");
            _parameters.Apply(name, Decode(parameter[(equals + 1)..], "value of a parameter"));
        }

        return _parameters.Build();
    }

    private void ReadUser()
    {
        var colon = _userInfo.IndexOf(':', StringComparison.Ordinal);
        _parameters.Apply("user", Decode(colon < 0 ? _userInfo : _userInfo[..colon], "user name"));
        _parameters.Apply("password", colon < 0 ? "" : Decode(_userInfo[(colon + 1)..], "password"));
    }

    private void ReadHosts()
    {
        if (_authority.Length == 0)
        {
            return;
        }

        List<string> hosts = [],
            ports = [];
        foreach (var entry in _authority.Split(','))
        {
            var match = HostAndPort().Match(entry);
            if (!match.Success)
            {
                throw new ArgumentException(
                    "The PostgreSQL URL has a malformed host or port: write host, host:port or [IPv6 address]:port, "
                        + "and percent-encode the characters / ? # @ : of user and password."
                );
            }

            hosts.Add(Decode(match.Groups["host"].Value, "host"));
            ports.Add(match.Groups["port"].Value);
        }
        _parameters.SetHosts(hosts, ports);
    }

    /// <summary>Decodes percent-encoded UTF-8, strictly; a plus sign stays.</summary>
    private static string Decode(string text, string part)
    {
        try
        {
            var decoded = Escape()
                .Replace(text, match =>
                    match.Value == "%"
                        ? throw new FormatException()
                        : StrictUtf8.GetString(Convert.FromHexString(match.Value.Replace("%", "", StringComparison.Ordinal)))
                );
            return decoded.Contains('\0', StringComparison.Ordinal) ? throw new FormatException() : decoded;
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            throw new ArgumentException($"The {part} in the PostgreSQL URL is not percent-encoded UTF-8: write %25 for a percent sign.");
        }
    }

    [GeneratedRegex(@"^(\[(?<host>[0-9A-Fa-f:.]+(%[^\]]+)?)\]|(?<host>[^:\[\]@]*))(:(?<port>[0-9]*))?\z")]
    private static partial Regex HostAndPort();

    [GeneratedRegex(@"(%[0-9A-Fa-f]{2})+|%")]
    private static partial Regex Escape();
}
