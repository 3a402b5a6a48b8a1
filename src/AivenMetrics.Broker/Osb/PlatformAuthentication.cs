using System.Buffers;
using System.Text;
using AivenMetrics.Authentication;
using AivenMetrics.Broker.Authentication;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// HTTP basic authentication of the platform. Credentials that were verified before are known at once; others are hashed, few at
/// a time, because a stranger must not be able to take all processors; failures are told late, see <see cref="FailedLoginThrottle"/>.
/// </summary>
internal sealed class PlatformAuthentication(BrokerUsers users, FailedLoginThrottle failures) : IDisposable
{
    // A hash takes a fraction of a second: whoever waits is answered within seconds, and memory stays small.
    private const int MaximumQueueLength = 64;
    private const int MaximumHeaderLength = 4096;

    private static readonly int MaximumConcurrentHashes = Math.Max(1, Environment.ProcessorCount / 2);
    private readonly SemaphoreSlim _hashers = new(MaximumConcurrentHashes, MaximumConcurrentHashes);
    private int _waiting;

    /// <summary>The user whose credentials the request carries; null: none of ours.</summary>
    /// <exception cref="OsbException">Too many credentials wait to be verified: 429.</exception>
    public ValueTask<string?> AuthenticateAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization;
        Span<byte> decoded = stackalloc byte[MaximumHeaderLength];
        if (
            header.Count != 1
            || header[0] is not { Length: <= MaximumHeaderLength } given
            || !BasicCredentials.TryParseBasic(given, decoded, out var credentials)
        )
        {
            return new((string?)null);
        }

        var text = ArrayPool<char>.Shared.Rent(given.Length);
        try
        {
            var usernameLength = Encoding.UTF8.GetChars(credentials.Username, text);
            var passwordLength = Encoding.UTF8.GetChars(credentials.Password, text.AsSpan(usernameLength));
            var username = text.AsSpan(0, usernameLength);
            var password = text.AsSpan(usernameLength, passwordLength);
            if (users.TryGetCached(username, password, out var user))
            {
                return user is not null ? new(user) : DelayFailureAsync(context);
            }
            return VerifyAsync(context, username.ToString(), password.ToString());
        }
        finally
        {
            ArrayPool<char>.Shared.Return(text, clearArray: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _hashers.Dispose();

    private async ValueTask<string?> VerifyAsync(HttpContext context, string username, string password)
    {
        string? user;
        try
        {
            if (Interlocked.Increment(ref _waiting) > MaximumQueueLength)
            {
                throw new OsbException(OsbErrors.TooManyAuthentications);
            }
            await _hashers.WaitAsync(context.RequestAborted);
            try
            {
                // Another request may have verified the same credentials while this one waited.
                if (!users.TryGetCached(username, password, out user))
                {
                    user = await Task.Run(() => users.Verify(username, password));
                }
            }
            finally
            {
                _hashers.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        return user ?? await DelayFailureAsync(context);
    }

    private async ValueTask<string?> DelayFailureAsync(HttpContext context)
    {
        await failures.DelayAsync(context.Connection.RemoteIpAddress, context.RequestAborted);
        return null;
    }
}
