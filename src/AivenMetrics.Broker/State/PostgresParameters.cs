using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace AivenMetrics.Broker.State;

/// <summary>
/// Translates libpq's connection parameters (PostgreSQL documentation, "Parameter Key Words") for Npgsql. Parameters that Npgsql has no
/// equivalent for are rejected by name. No message repeats a value: it may be a password.
/// </summary>
/// <param name="namesMayBeSecret">Whether a name may be part of a password, so that no message repeats it.</param>
internal sealed partial class PostgresParameters(bool namesMayBeSecret)
{
    // libpq turns a timeout of one second into two; Npgsql takes at most 1024.
    private const int MaximumConnectTimeout = 1024;
    private const int DefaultPort = 5432;

    private readonly NpgsqlConnectionStringBuilder _builder = [];
    private IReadOnlyList<string> _hosts = [];
    private IReadOnlyList<string> _ports = [];
    private string _sslMode = "";
    private string _sslRootCertificate = "";
    private string _targetSessionAttributes = "any";
    private string _fallbackApplicationName = "";
    private bool? _keepAlive;
    private int _keepAliveIdleSeconds;
    private int _keepAliveIntervalSeconds;

    /// <summary>Sets the hosts and their ports; an empty port is the default port.</summary>
    public void SetHosts(IReadOnlyList<string> hosts, IReadOnlyList<string> ports) => (_hosts, _ports) = (hosts, ports);

    /// <summary>Applies one parameter; a later one of the same name overrides it.</summary>
    /// <exception cref="ArgumentException">The parameter is unknown, or the value is not allowed.</exception>
    public void Apply(string name, string value)
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
                // Npgsql always uses UTF-8.
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

    /// <summary>Applies the parameters whose meaning depends on others, and returns the result.</summary>
    /// <exception cref="ArgumentException">There is no host, or parameters contradict each other.</exception>
    public NpgsqlConnectionStringBuilder Build()
    {
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
                namesMayBeSecret || !ParameterName().IsMatch(name)
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
        // libpq: "system" stands for the certificates that the operating system trusts, and requires the strictest mode.
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
            : throw new ArgumentException(
                $"The parameter '{name}' of the PostgreSQL URL must be "
                    + $"{(allowed.Length == 1 ? allowed[0] : "one of " + string.Join(", ", allowed))}."
            );

    // An empty value is the default, as in libpq.
    private static void SetText(Action<string> set, string value)
    {
        if (value.Length > 0)
        {
            set(value);
        }
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_ ]{0,63}\z")]
    private static partial Regex ParameterName();
}
