using System.Net;
using System.Net.Sockets;
using DnsClient;

namespace AivenMetrics.Discovery.Dns;

/// <summary>The outcome of a DNS query.</summary>
internal enum DnsLookupOutcome
{
    /// <summary>The response contains at least one address.</summary>
    Resolved,

    /// <summary>The server reports that the name does not exist or has no A record.</summary>
    NotFound,

    /// <summary>Any other outcome, such as no response, SERVFAIL or REFUSED. It does not indicate that the host was removed.</summary>
    Failed,
}

/// <summary>The outcome of a query with its addresses, or the metric label <c>reason</c> if there are none.</summary>
internal sealed record DnsLookupResult(DnsLookupOutcome Outcome, IReadOnlyList<string> Addresses, string Reason)
{
    public static DnsLookupResult Resolved(IEnumerable<string> addresses) => new(DnsLookupOutcome.Resolved, SortAddresses(addresses), "");

    public static DnsLookupResult NotFound(string reason) => new(DnsLookupOutcome.NotFound, [], reason);

    public static DnsLookupResult Failed(string reason) => new(DnsLookupOutcome.Failed, [], reason);

    /// <summary>Returns the distinct addresses in numerical order, so that DNS round robin does not change the files.</summary>
    internal static string[] SortAddresses(IEnumerable<string> addresses) =>
        [.. addresses.Distinct(StringComparer.Ordinal).OrderBy(address => IPAddress.Parse(address).GetAddressBytes(), ByteOrder)];

    private static readonly Comparer<byte[]> ByteOrder = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));
}

/// <summary>
/// Queries DNS for the A records of a host. Responses are not cached, because Aiven's records change when a node is replaced. Only IPv4 is
/// used, as on Aiven's nodes. The hosts file and search domains are ignored.
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
