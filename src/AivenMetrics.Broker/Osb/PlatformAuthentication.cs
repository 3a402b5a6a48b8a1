using System.Buffers;
using System.Text;
using AivenMetrics.Access;
using AivenMetrics.Broker.Access;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// HTTP basic authentication of the platform. Credentials that were verified before are known at once; others are hashed, few at
/// a time, because a stranger must not be able to take all processors; failures are told late, see <see cref="FailedLogins"/>.
/// </summary>
internal sealed class PlatformAuthentication(BrokerUsers users, FailedLogins failures) : IDisposable
{
    // A hash takes a fraction of a second: whoever waits is answered within seconds, and memory stays small.
    private const int MostWaiting = 64;
    private const int LongestHeader = 4096;
    private const string Scheme = "Basic ";

    private static readonly int Hashers = Math.Max(1, Environment.ProcessorCount / 2);
    private readonly SemaphoreSlim hashers = new(Hashers, Hashers);
    private int waiting;

    /// <summary>The user whose credentials the request carries; null: none of ours.</summary>
    /// <exception cref="OsbRefusal">Too many credentials wait to be verified: 429.</exception>
    public ValueTask<string?> User(HttpContext context)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { Length: <= LongestHeader } given
            || !given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return new((string?)null);

        var text = ArrayPool<char>.Shared.Rent(given.Length);
        try
        {
            var length = Decode(given.AsSpan(Scheme.Length).Trim(), text);
            var colon = text.AsSpan(0, length).IndexOf(':');
            if (colon < 0)
                return new((string?)null);
            var username = text.AsSpan(0, colon);
            var password = text.AsSpan(colon + 1, length - colon - 1);
            if (users.TryRecall(username, password, out var user))
                return user is not null ? new(user) : Failed(context);
            return Verify(context, username.ToString(), password.ToString());
        }
        finally
        {
            ArrayPool<char>.Shared.Return(text, clearArray: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => hashers.Dispose();

    /// <returns>Number of characters; 0: no base64.</returns>
    private static int Decode(ReadOnlySpan<char> base64, Span<char> text)
    {
        Span<byte> bytes = stackalloc byte[LongestHeader];
        return Convert.TryFromBase64Chars(base64, bytes, out var length) ? Encoding.UTF8.GetChars(bytes[..length], text) : 0;
    }

    private async ValueTask<string?> Verify(HttpContext context, string username, string password)
    {
        string? user;
        try
        {
            if (Interlocked.Increment(ref waiting) > MostWaiting)
                throw new OsbRefusal(OsbErrors.TooManyLogins);
            await hashers.WaitAsync(context.RequestAborted);
            try
            {
                // Another request may have verified the same credentials while this one waited.
                if (!users.TryRecall(username, password, out user))
                    user = await Task.Run(() => users.Verify(username, password));
            }
            finally
            {
                hashers.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }

        return user ?? await Failed(context);
    }

    private async ValueTask<string?> Failed(HttpContext context)
    {
        await failures.DelayAsync(context.Connection.RemoteIpAddress, context.RequestAborted);
        return null;
    }
}
