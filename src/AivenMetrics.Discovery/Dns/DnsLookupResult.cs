using System.Net;
using System.Net.Sockets;
using DnsClient;

namespace AivenMetrics.Discovery.Dns;

/// <summary>What one DNS question brought.</summary>
internal enum DnsLookupOutcome
{
    /// <summary>At least one address.</summary>
    Resolved,

    /// <summary>The server says that there is no such name, or that it has no A record.</summary>
    NotFound,

    /// <summary>Anything else: no answer, SERVFAIL, REFUSED. It says nothing about the host.</summary>
    Failed,
}

/// <summary>An outcome, with the addresses if any and the metric label <c>reason</c> if not.</summary>
internal sealed record DnsLookupResult(DnsLookupOutcome Outcome, IReadOnlyList<string> Addresses, string Reason)
{
    public static DnsLookupResult Resolved(IEnumerable<string> addresses) => new(DnsLookupOutcome.Resolved, SortAddresses(addresses), "");

    public static DnsLookupResult NotFound(string reason) => new(DnsLookupOutcome.NotFound, [], reason);

    public static DnsLookupResult Failed(string reason) => new(DnsLookupOutcome.Failed, [], reason);

    /// <summary>Without duplicates, in numerical order, so that round robin in DNS does not touch the files.</summary>
    internal static string[] SortAddresses(IEnumerable<string> addresses) =>
        [.. addresses.Distinct(StringComparer.Ordinal).OrderBy(address => IPAddress.Parse(address).GetAddressBytes(), ByteOrder)];

    private static readonly Comparer<byte[]> ByteOrder = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));
}

/// <summary>
/// Asks DNS for the A records of a host, without a cache: Aiven's records change when a node is replaced. Only IPv4, which is
/// what Aiven's nodes have; the hosts file and search domains play no part.
/// </summary>
internal sealed class HostLookup(LookupClient client)
{
    public static HostLookup Create(DiscoveryOptions options)
    {
        var settings =
            options.DnsServer is not null && options.TryParseDnsServer(out var server)
                ? new LookupClientOptions(new NameServer(server))
                : new LookupClientOptions();
        settings.UseCache = false;
        settings.Timeout = options.DnsTimeout;
        settings.Retries = 1;
        settings.UseTcpFallback = true;
        settings.ThrowDnsErrors = false;
        return new(new LookupClient(settings));
    }

    public async Task<DnsLookupResult> LookupAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            var response = await client.QueryAsync(host, QueryType.A, cancellationToken: cancellationToken);
            if (response.Header.ResponseCode == DnsHeaderResponseCode.NotExistentDomain)
            {
                return DnsLookupResult.NotFound("nxdomain");
            }
            if (response.HasError)
            {
                return DnsLookupResult.Failed(ReasonLabel(response.Header.ResponseCode));
            }
            var addresses = response.Answers.ARecords().Select(record => record.Address.ToString()).ToArray();
            return addresses.Length > 0 ? DnsLookupResult.Resolved(addresses) : DnsLookupResult.NotFound("no_address");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return DnsLookupResult.Failed("timeout");
        }
        catch (DnsResponseException e)
        {
            return DnsLookupResult.Failed(e.Code == DnsResponseCode.ConnectionTimeout ? "timeout" : "unanswered");
        }
        catch (Exception e) when (e is SocketException or IOException or ArgumentException or InvalidOperationException)
        {
            return DnsLookupResult.Failed("unanswered");
        }
    }

    private static string ReasonLabel(DnsHeaderResponseCode code) =>
        code switch
        {
            DnsHeaderResponseCode.ServerFailure => "servfail",
            DnsHeaderResponseCode.Refused => "refused",
            _ => "error",
        };
}
