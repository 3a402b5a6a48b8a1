namespace AivenMetrics.Hosting.Configuration;

/// <summary>
/// Resolves <c>…File</c> keys: a secret <c>Broker:Password</c> may be given as <c>Broker:PasswordFile</c>, the path of a file
/// whose content, without white space at its ends, is the secret.
/// </summary>
internal static class SecretFiles
{
    /// <summary>Reads the files and replaces each <c>…File</c> entry by what its file holds.</summary>
    /// <param name="entries">The configuration, flat.</param>
    /// <param name="secretKeys">Keys that are secrets; a <c>*</c> stands for any one segment.</param>
    /// <param name="faults">Receives a sentence for each file that cannot be used.</param>
    /// <returns>The keys of secrets whose files could not be used: that they are missing is no fault of its own.</returns>
    public static IReadOnlyList<string> Resolve(Dictionary<string, string> entries, IReadOnlyList<string> secretKeys, List<string> faults)
    {
        List<string> unread = [];
        foreach (var fileKey in secretKeys.SelectMany(secret => Expand(entries, secret + "File")).ToList())
        {
            entries.Remove(fileKey, out var path);
            var key = fileKey[..^"File".Length];
            if (entries.ContainsKey(key))
            {
                faults.Add($"{key} and {fileKey} are both set: keep one of them.");
            }
            else if (ReadSecret(fileKey, path!, faults) is { } value)
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

    private static string? ReadSecret(string fileKey, string path, List<string> faults)
    {
        try
        {
            var value = File.ReadAllText(path).Trim();
            if (value.Length > 0)
            {
                return value;
            }

            faults.Add($"{fileKey} names {path}, which is empty: write the secret into it.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add($"{fileKey} names {path}, which cannot be read ({exception.GetType().Name}): check the path and its permissions.");
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
