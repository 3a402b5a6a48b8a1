using System.Net.Http.Headers;
using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>
/// The client's headers that a Prometheus server receives, by name. The gateway drops all others, so that no X-Scope-OrgID, cookie or
/// password has an effect there.
/// </summary>
internal sealed class ForwardedHeaders
{
    private const int MaxLength = 512;
    private const string AcceptEncoding = "Accept-Encoding";
    private static readonly string[] Names = ["Accept", AcceptEncoding, "traceparent", "tracestate"];
    private const int AcceptEncodingIndex = 1;
    private static readonly string UserAgent = $"aiven-metrics-gateway/{Revision}";

    private readonly string?[] _values = new string?[Names.Length];

    /// <summary>The version of this program, for responses and requests.</summary>
    public static string Revision { get; } =
        typeof(ForwardedHeaders).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>The headers of the gateway's own requests.</summary>
    public static ForwardedHeaders None { get; } = new();

    /// <summary>Selects the headers to forward. A header of more than 512 characters is dropped.</summary>
    public static ForwardedHeaders From(IHeaderDictionary headers)
    {
        var forwarded = new ForwardedHeaders();
        for (var i = 0; i < Names.Length; i++)
        {
            if (headers[Names[i]] is { Count: > 0 } given && given.ToString() is { Length: <= MaxLength } text)
            {
                forwarded._values[i] = Names[i] == AcceptEncoding ? NormalizeAcceptEncoding(text) : text;
            }
        }
        return forwarded;
    }

    /// <summary>Whether the client accepts gzip.</summary>
    public bool AcceptsGzip => _values[AcceptEncodingIndex]?.StartsWith("gzip", StringComparison.Ordinal) ?? false;

    /// <summary>Returns the same headers for an uncompressed response, which the gateway can read.</summary>
    public ForwardedHeaders WithoutCompression()
    {
        var plain = new ForwardedHeaders();
        _values.CopyTo(plain._values, 0);
        plain._values[AcceptEncodingIndex] = "identity";
        return plain;
    }

    /// <summary>
    /// Reduces <c>Accept-Encoding</c> to gzip and zstd. Prometheus 2 also supports deflate, but the gateway must be able to read a response
    /// to classify an error as the query's or the server's.
    /// </summary>
    private static string NormalizeAcceptEncoding(ReadOnlySpan<char> accepted)
    {
        var (gzip, zstd) = (false, false);
        foreach (var coding in accepted.Split(','))
        {
            gzip |= Accepts(accepted[coding], "gzip") || Accepts(accepted[coding], "*");
            zstd |= Accepts(accepted[coding], "zstd");
        }

        return (gzip, zstd) switch
        {
            (true, true) => "gzip, zstd",
            (true, false) => "gzip",
            (false, true) => "zstd",
            _ => "identity",
        };
    }

    private static bool Accepts(ReadOnlySpan<char> coding, ReadOnlySpan<char> name)
    {
        var semicolon = coding.IndexOf(';');
        if (!(semicolon < 0 ? coding : coding[..semicolon]).Trim().SequenceEqual(name))
        {
            return false;
        }
        return semicolon < 0 || coding[(semicolon + 1)..].Trim() is not ("q=0" or "q=0.0" or "q=0.00" or "q=0.000");
    }

    /// <summary>Adds the headers to a message.</summary>
    public void AddTo(HttpRequestHeaders headers)
    {
        headers.TryAddWithoutValidation("User-Agent", UserAgent);
        for (var i = 0; i < Names.Length; i++)
        {
            if (_values[i] is { } value)
            {
                headers.TryAddWithoutValidation(Names[i], value);
            }
        }
    }
}
