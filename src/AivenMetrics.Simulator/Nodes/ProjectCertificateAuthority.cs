using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AivenMetrics.Simulator.Nodes;

/// <summary>The certificates that a node can have. All but the first are invalid; a client must reject them.</summary>
internal enum CertificateKind
{
    /// <summary>From the project's CA, with the host names of the service.</summary>
    Project,

    /// <summary>With the right host names, from an untrusted CA.</summary>
    OtherAuthority,

    /// <summary>From the project's CA, with another host name.</summary>
    OtherHost,

    /// <summary>Valid except for its expired validity period.</summary>
    Expired,
}

/// <summary>The CA of a project (ECDSA P-256), created with the project.</summary>
internal sealed class ProjectCertificateAuthority
{
    private static readonly TimeSpan Past = TimeSpan.FromDays(30);
    private readonly X509Certificate2 _certificate;

    public ProjectCertificateAuthority(string project, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(CreateName($"{project} Project CA"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(now - Past, now + TimeSpan.FromDays(3650));
        Pem = _certificate.ExportCertificatePem() + "\n";
    }

    /// <summary>The certificate of the CA in PEM, as returned by <c>kms/ca</c>.</summary>
    public string Pem { get; }

    /// <summary>Creates the certificates of a service. All nodes share them; they contain the host names and no address.</summary>
    public ServiceCertificates Issue(string host, DateTimeOffset now) => new(this, host, now);

    internal SslStreamCertificateContext Sign(DateTimeOffset from, DateTimeOffset until, params string[] hosts)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(CreateName(hosts[0]), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            names.AddDnsName(host);
        }
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        using var signed = request.Create(_certificate, from, until, serial);
        return SslStreamCertificateContext.Create(
            signed.CopyWithPrivateKey(key),
            [X509CertificateLoader.LoadCertificate(_certificate.RawData)],
            offline: true
        );
    }

    // A common name has at most 64 characters; clients use the alternative names.
    private static X500DistinguishedName CreateName(string name)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(name.Length <= 64 ? name : name[..64]);
        return builder.Build();
    }
}

/// <summary>The valid certificate of a service and, created on demand, the invalid ones.</summary>
internal sealed class ServiceCertificates(ProjectCertificateAuthority authority, string host, DateTimeOffset now)
{
    private readonly ConcurrentDictionary<CertificateKind, SslStreamCertificateContext> _made = new();

    public SslStreamCertificateContext this[CertificateKind kind] => _made.GetOrAdd(kind, Create);

    private SslStreamCertificateContext Create(CertificateKind kind)
    {
        var (yesterday, later) = (now - TimeSpan.FromDays(1), now + TimeSpan.FromDays(800));
        var replica = "replica-" + host;
        return kind switch
        {
            CertificateKind.OtherAuthority => new ProjectCertificateAuthority("stranger", now).Sign(yesterday, later, host, replica),
            CertificateKind.OtherHost => authority.Sign(yesterday, later, "stranger.a.aivencloud.com"),
            CertificateKind.Expired => authority.Sign(yesterday - TimeSpan.FromDays(7), yesterday, host, replica),
            _ => authority.Sign(yesterday, later, host, replica),
        };
    }
}
