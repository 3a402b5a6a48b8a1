namespace AivenMetrics.Feed;

/// <summary>Writes files so that a reader sees the old content or the new, whole, and never anything else.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Gives a file new content, unless it has it already. The content goes to a temporary file that is flushed to disk and
    /// then renamed over <paramref name="path"/>. A crash leaves the old file; the rename itself is not flushed, because after
    /// a power cut the old content is a good content too and the next write repeats the new one.
    /// </summary>
    /// <param name="path">The file. Its folder is created if missing.</param>
    /// <param name="content">The whole content.</param>
    /// <param name="mode">Permissions, exactly these whatever the umask says; ignored on Windows.</param>
    /// <param name="temporaryFolder">
    /// Folder of the temporary file, on the same filesystem; created if missing. Name one when <paramref name="path"/>'s own
    /// folder is watched, as Prometheus watches its target files. Default: beside the file, as <c>.name.tmp</c>.
    /// </param>
    /// <returns>True if the file was written; false if it was equal to the byte and so left alone, with its time.</returns>
    /// <exception cref="IOException">The file cannot be written; the old content is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">No permission to write; the old content is still there.</exception>
    public static bool WriteIfChanged(string path, ReadOnlySpan<byte> content, UnixFileMode mode, string? temporaryFolder = null)
    {
        path = Path.GetFullPath(path);
        if (IsEqual(path, content))
        {
            if (File.GetUnixFileMode(path) != mode)
            {
                File.SetUnixFileMode(path, mode);
            }
            return false;
        }

        var folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        temporaryFolder ??= folder;
        Directory.CreateDirectory(temporaryFolder);
        var temporary = Path.Combine(temporaryFolder, $".{Path.GetFileName(path)}.tmp");
        try
        {
            WriteFlushed(temporary, content, mode);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        return true;
    }

    private static bool IsEqual(string path, ReadOnlySpan<byte> content)
    {
        var file = new FileInfo(path);
        return file.Exists && file.Length == content.Length && content.SequenceEqual(File.ReadAllBytes(path));
    }

    private static void WriteFlushed(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.None,
        };
        // Nobody else may read a secret while it is being written; the wanted permissions come last and ignore the umask.
        options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(path, options);
        stream.Write(content);
        File.SetUnixFileMode(stream.SafeFileHandle, mode);
        stream.Flush(flushToDisk: true);
    }
}
