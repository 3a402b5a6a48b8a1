using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>Invariants of every response.</summary>
internal sealed partial class ResponseInvariants
{
    private static readonly string[] Codes = ["AsyncRequired", "ConcurrencyError", "RequiresApp", "MaintenanceInfoConflict"];
    private static readonly string[] ErrorMembers = ["error", "description", "instance_usable", "update_repeatable"];

    private readonly ConcurrentDictionary<string, bool> _passwords = [];

    /// <summary>Number of passwords issued so far.</summary>
    public int Passwords => _passwords.Count;

    /// <summary>Checks a response and remembers its passwords.</summary>
    /// <param name="verb">The operation; null: not an operation of the API.</param>
    /// <param name="identity">The request identity that was sent.</param>
    public void Check(Verb? verb, string identity, BrokerResponse answer)
    {
        var reported = $"{verb} {answer.Status} {answer.Text}";
        Assert.True(answer.Status < 500, reported);
        Assert.Equal(identity, Assert.Single(answer.Response.Headers.GetValues("X-Broker-API-Request-Identity")));
        Assert.Equal("application/json", answer.Response.Content.Headers.ContentType?.MediaType);
        Assert.True(answer.Json.ValueKind == JsonValueKind.Object, reported);
        if (answer.Status >= 400)
        {
            CheckError(verb, answer, reported);
        }
        else
        {
            CheckSuccess(answer, reported);
        }
    }

    /// <summary>Fails if a text contains one of the passwords.</summary>
    public void CheckNoPassword(string text) =>
        Assert.DoesNotContain(Password().Matches(text), match => _passwords.ContainsKey(match.Value));

    private void CheckError(Verb? verb, BrokerResponse answer, string reported)
    {
        var members = answer.Json.EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
        Assert.True(members.Keys.All(name => ErrorMembers.Contains(name)), reported);
        Assert.True(members["description"].GetString() is { Length: > 0 }, reported);
        Assert.True(!members.TryGetValue("error", out var error) || (answer.Status == 422 && Codes.Contains(error.GetString())), reported);
        Assert.True(!members.ContainsKey("instance_usable") || verb is Verb.Update or Verb.Deprovision, reported);
        Assert.True(!members.ContainsKey("update_repeatable") || verb is Verb.Update, reported);
        CheckNoPassword(answer.Text);
    }

    private void CheckSuccess(BrokerResponse answer, string reported)
    {
        Assert.True(answer.Json.EnumerateObject().All(member => member.Value.ValueKind != JsonValueKind.Null), reported);
        Assert.True(answer.Status != 202 || answer.Json.EnumerateObject().All(member => member.Name == "operation"), reported);
        if (answer.Json.TryGetProperty("credentials", out var credentials))
        {
            _passwords.TryAdd(credentials.GetProperty("password").GetString()!, true);
        }
    }

    // 32 bytes in base64url.
    [GeneratedRegex("(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")]
    private static partial Regex Password();
}
