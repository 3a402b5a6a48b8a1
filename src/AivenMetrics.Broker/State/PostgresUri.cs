using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace AivenMetrics.Broker.State;

/// <summary>
/// Reads a PostgreSQL connection URI as libpq does (PostgreSQL documentation, "Connection URIs" and "Parameter Key Words") and
/// translates it for Npgsql. Parameters that Npgsql has no equivalent for are rejected by name.
/// No message repeats a value: the URI may hold a password.
/// </summary>
internal sealed partial class PostgresUri
{
    // libpq turns a timeout of one second into two; Npgsql takes at most 1024.
    private const int MaximumConnectTimeout = 1024;
    private const int DefaultPort = 5432;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly NpgsqlConnectionStringBuilder _builder = [];
    private readonly string _authority;
    private readonly string _path;
    private readonly string _query;
    private readonly bool _nameMayBeSecret;
    private List<string> _hosts = [];
    private List<string> _ports = [];
    private string _sslMode = "";
    private string _sslRootCertificate = "";
    private string _targetSessionAttributes = "any";
    private string _fallbackApplicationName = "";
    private bool? _keepAlive;
    private int _keepAliveIdleSeconds;
    private int _keepAliveIntervalSeconds;

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
        _nameMayBeSecret = afterUser.Contains('@', StringComparison.Ordinal);
        ReadUser(at < 0 ? "" : beforePath[..at]);
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
        ReadHosts();
        if (Decode(_path, "database name") is { Length: > 0 } database)
        {
            _builder.Database = database;
        }

        foreach (var parameter in _query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new ArgumentException("The PostgreSQL URL has a parameter without '=' or without a name: write name=value.");
            }

            var name = Decode(parameter[..equals], "name of a parameter");
            Apply(name, Decode(parameter[(equals + 1)..], "value of a parameter"));
        }

        ApplyHosts();
        ApplyEncryption();
        ApplyTargetSession();
        ApplyKeepAlive();
        if (_fallbackApplicationName.Length > 0 && string.IsNullOrEmpty(_builder.ApplicationName))
        {
            _builder.ApplicationName = _fallbackApplicationName;
        }

        return _builder;
    }

    private void ReadUser(string userInfo)
    {
        var colon = userInfo.IndexOf(':', StringComparison.Ordinal);
        SetText(name => _builder.Username = name, Decode(colon < 0 ? userInfo : userInfo[..colon], "user name"));
        SetText(password => _builder.Password = password, colon < 0 ? "" : Decode(userInfo[(colon + 1)..], "password"));
    }

    private void ReadHosts()
    {
        if (_authority.Length == 0)
        {
            return;
        }

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

            _hosts.Add(Decode(match.Groups["host"].Value, "host"));
            _ports.Add(match.Groups["port"].Value);
        }
    }

    /// <summary>Applies one parameter of the query.</summary>
    private void Apply(string name, string value)
    {
        switch (name)
        {
            case "host" or "Host":
                _hosts = [.. value.Split(',')];
                break;
            case "port" or "Port":
                _ports = [.. value.Split(',')];
                break;
            case "dbname":
                SetText(database => _builder.Database = database, value);
                break;
            case "user":
                SetText(user => _builder.Username = user, value);
                break;
            case "password":
                SetText(password => _builder.Password = password, value);
                break;
            case "passfile":
                SetText(file => _builder.Passfile = file, value);
                break;
            case "application_name":
                SetText(application => _builder.ApplicationName = application, value);
                break;
            case "fallback_application_name":
                _fallbackApplicationName = value;
                break;
            case "connect_timeout":
                // libpq waits without limit for zero and below, Npgsql for zero.
                _builder.Timeout = Math.Max(0, Number(name, value, int.MinValue, MaximumConnectTimeout));
                break;
            case "options":
                SetText(options => _builder.Options = options, value);
                break;
            case "client_encoding":
                // Npgsql always speaks UTF-8.
                OneOf(name, value.ToUpperInvariant(), "UTF8", "UTF-8", "UNICODE");
                break;
            case "keepalives":
                _keepAlive = OneOf(name, value, "0", "1") == "1";
                break;
            case "keepalives_idle":
                _keepAliveIdleSeconds = Number(name, value, 0, int.MaxValue);
                break;
            case "keepalives_interval":
                _keepAliveIntervalSeconds = Number(name, value, 0, int.MaxValue);
                break;
            case "ssl":
                // As libpq, for the sake of JDBC's URLs.
                OneOf(name, value, "true");
                _sslMode = "require";
                break;
            case "sslmode":
                // Npgsql's spelling, such as VerifyFull, is accepted too.
                _sslMode = OneOf(
                    name,
                    value switch
                    {
                        "VerifyCA" => "verify-ca",
                        "VerifyFull" => "verify-full",
                        _ => value.ToLowerInvariant(),
                    },
                    "disable",
                    "allow",
                    "prefer",
                    "require",
                    "verify-ca",
                    "verify-full"
                );
                break;
            case "sslnegotiation":
                _builder.SslNegotiation =
                    OneOf(name, value, "postgres", "direct") == "direct" ? SslNegotiation.Direct : SslNegotiation.Postgres;
                break;
            case "sslrootcert":
                _sslRootCertificate = value;
                break;
            case "sslcert":
                SetText(file => _builder.SslCertificate = file, value);
                break;
            case "sslkey":
                SetText(file => _builder.SslKey = file, value);
                break;
            case "sslpassword":
                SetText(password => _builder.SslPassword = password, value);
                break;
            case "gssencmode":
                _builder.GssEncryptionMode = Enum.Parse<GssEncryptionMode>(
                    OneOf(name, value, "disable", "prefer", "require"),
                    ignoreCase: true
                );
                break;
            case "channel_binding":
                _builder.ChannelBinding = Enum.Parse<ChannelBinding>(OneOf(name, value, "disable", "prefer", "require"), ignoreCase: true);
                break;
            case "require_auth":
                ApplyRequiredAuthentication(value);
                break;
            case "krbsrvname":
                SetText(service => _builder.KerberosServiceName = service, value);
                break;
            case "target_session_attrs":
                _targetSessionAttributes = OneOf(name, value, "any", "read-write", "primary");
                break;
            case "load_balance_hosts":
                _builder.LoadBalanceHosts = OneOf(name, value, "disable", "random") == "random";
                break;
            default:
                ApplyNpgsqlKeyword(name, value);
                break;
        }
    }

    /// <summary>Applies a keyword of Npgsql, such as <c>Maximum Pool Size</c>; libpq has no such parameters.</summary>
    private void ApplyNpgsqlKeyword(string name, string value)
    {
        try
        {
            _builder[name] = value;
        }
        catch (Exception e)
            when (e is ArgumentException or FormatException or KeyNotFoundException or OverflowException or InvalidCastException)
        {
            throw new ArgumentException(
                _nameMayBeSecret || !ParameterName().IsMatch(name)
                    ? "The PostgreSQL URL has an unknown or malformed parameter: remove it, and percent-encode the characters / "
                        + "? # @ : of user and password."
                    : $"The PostgreSQL URL has an unknown or malformed parameter '{name}': remove or correct it."
            );
        }
    }

    private void ApplyRequiredAuthentication(string value)
    {
        var methods = value.Split(',').Select(method => method.StartsWith('!') ? "!" + Method(method[1..]) : Method(method)).ToList();
        if (methods.Select(method => method[0] == '!').Distinct().Count() > 1)
        {
            throw new ArgumentException(
                "The parameter 'require_auth' of the PostgreSQL URL mixes methods with and without '!': use one form."
            );
        }

        _builder.RequireAuth = string.Join(',', methods);

        static string Method(string name) =>
            OneOf("require_auth", name, "password", "md5", "gss", "sspi", "scram-sha-256", "none") switch
            {
                "password" => "Password",
                "scram-sha-256" => "ScramSHA256",
                "none" => "None",
                var other => other.ToUpperInvariant(),
            };
    }

    private void ApplyHosts()
    {
        if (_hosts.All(host => host.Length == 0))
        {
            throw new ArgumentException("The PostgreSQL URL names no host: write postgres://<user>:<password>@<host>/<name>.");
        }

        if (_ports.Count > 1 && _ports.Count != _hosts.Count)
        {
            throw new ArgumentException(
                $"The PostgreSQL URL has {_hosts.Count} hosts and {_ports.Count} ports: give one port for all hosts, or one for each."
            );
        }

        if (_hosts.Any(host => host.Length == 0))
        {
            throw new ArgumentException("The PostgreSQL URL has an empty host between commas: remove it.");
        }

        var ports = _hosts.Select((_, i) => Port(_ports.Count == 0 ? "" : _ports[_ports.Count == 1 ? 0 : i])).ToList();
        if (_hosts.Count == 1)
        {
            (_builder.Host, _builder.Port) = (_hosts[0], ports[0]);
            return;
        }

        _builder.Host = string.Join(
            ',',
            _hosts.Zip(ports, (host, port) =>
                string.Create(CultureInfo.InvariantCulture, $"{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}")
            )
        );
    }

    private void ApplyEncryption()
    {
        // libpq: "system" stands for the certificates that the operating system trusts, and asks for the strictest mode.
        if (_sslRootCertificate == "system")
        {
            if (_sslMode is not ("" or "verify-full"))
            {
                throw new ArgumentException("The PostgreSQL URL has sslrootcert=system with a weaker sslmode: write sslmode=verify-full.");
            }

            _sslMode = "verify-full";
        }
        else
        {
            SetText(file => _builder.RootCertificate = file, _sslRootCertificate);
            // libpq verifies the certificate when there is one to verify it with; Npgsql's Require never does.
            _sslMode = _sslMode == "require" && _sslRootCertificate.Length > 0 ? "verify-ca" : _sslMode;
        }

        if (_sslMode.Length > 0)
        {
            _builder.SslMode = Enum.Parse<SslMode>(_sslMode.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
        }

        if (_builder.SslNegotiation == SslNegotiation.Direct && _builder.SslMode < SslMode.Require)
        {
            throw new ArgumentException(
                "The PostgreSQL URL has sslnegotiation=direct with a weaker sslmode: write sslmode=require or stricter."
            );
        }
    }

    // The broker writes, so that a server that only reads is of no use. Npgsql takes the choice with several hosts only.
    private void ApplyTargetSession()
    {
        if (_hosts.Count > 1 && _targetSessionAttributes != "any")
        {
            _builder.TargetSessionAttributes = _targetSessionAttributes;
        }
    }

    private void ApplyKeepAlive()
    {
        if (_keepAlive == false || (_keepAlive is null && _keepAliveIdleSeconds + _keepAliveIntervalSeconds == 0))
        {
            return;
        }

        _builder.TcpKeepAlive = true;
        if (_keepAliveIdleSeconds == 0 && _keepAliveIntervalSeconds > 0)
        {
            throw new ArgumentException("The PostgreSQL URL has keepalives_interval without keepalives_idle: give both.");
        }

        if (_keepAliveIdleSeconds > 0)
        {
            _builder.TcpKeepAliveTime = _keepAliveIdleSeconds;
        }

        if (_keepAliveIntervalSeconds > 0)
        {
            _builder.TcpKeepAliveInterval = _keepAliveIntervalSeconds;
        }
    }

    private static int Port(string text) => text.Length == 0 ? DefaultPort : Number("port", text, 1, ushort.MaxValue);

    private static int Number(string name, string value, int minimum, int maximum) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number >= minimum
        && number <= maximum
            ? number
            : throw new ArgumentException(
                minimum == int.MinValue
                    ? $"The parameter '{name}' of the PostgreSQL URL must be a whole number of at most {maximum}."
                    : $"The parameter '{name}' of the PostgreSQL URL must be a whole number from {minimum} to {maximum}."
            );

    private static string OneOf(string name, string value, params string[] allowed) =>
        allowed.Contains(value, StringComparer.Ordinal)
            ? value
            : throw new ArgumentException($"The parameter '{name}' of the PostgreSQL URL must be one of {string.Join(", ", allowed)}.");

    // An empty value is the default, as in libpq.
    private static void SetText(Action<string> set, string value)
    {
        if (value.Length > 0)
        {
            set(value);
        }
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

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_ ]{0,63}\z")]
    private static partial Regex ParameterName();
}
