namespace AivenMetrics.Hosting.Configuration;

/// <summary>
/// Reads secrets from files. The secret <c>Broker:Password</c> can be given as <c>Broker:PasswordFile</c>, the path of a file. White space
/// at both ends of the content is removed.
/// </summary>
internal static class SecretFiles
{
    /// <summary>Replaces each <c>…File</c> entry by the content of its file.</summary>
    /// <param name="entries">The configuration as full keys and values.</param>
    /// <param name="secretKeys">Keys that hold secrets; <c>*</c> matches one segment.</param>
    /// <param name="errors">Receives an error for each file that cannot be used.</param>
    /// <returns>The keys of secrets whose files could not be read, so that they are not reported as missing too.</returns>
    public static IReadOnlyList<string> Resolve(Dictionary<string, string> entries, IReadOnlyList<string> secretKeys, List<string> errors)
    {
        List<string> unread = [];
        foreach (var fileKey in secretKeys.SelectMany(secret => Expand(entries, secret + "File")).ToList())
        {
            entries.Remove(fileKey, out var path);
            var key = fileKey[..^"File".Length];
            if (entries.ContainsKey(key))
            {
                errors.Add($"{key} and {fileKey} are both set: remove one of them.");
            }
            else if (ReadSecret(fileKey, path!, errors) is { } value)
            {
                entries[key] = value;
            }
            else
            {
                unread.Add(key);
            }
        }

        return unread;
    }

    private static string? ReadSecret(string fileKey, string path, List<string> errors)
    {
        try
        {
            var value = File.ReadAllText(path).Trim();
            if (value.Length > 0)
            {
                return value;
            }

            errors.Add($"{fileKey} names {path}, which is empty: write the secret to it.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            errors.Add($"{fileKey} names {path}, which cannot be read ({exception.GetType().Name}): correct the path or its permissions.");
        }

        return null;
    }

    private static IEnumerable<string> Expand(Dictionary<string, string> entries, string pattern)
    {
        var wanted = pattern.Split(':');
        return entries.Keys.Where(key =>
            key.Split(':') is var segments
            && segments.Length == wanted.Length
            && segments.Zip(wanted).All(pair => pair.Second == "*" || pair.First.Equals(pair.Second, StringComparison.OrdinalIgnoreCase))
        );
    }
}
