namespace AivenMetrics.Feed;

/// <summary>Writes files atomically: a reader sees either the complete old content or the complete new content.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Replaces the content of a file unless it is already the same. The content goes to a temporary file, which is flushed to disk and
    /// renamed over <paramref name="path"/>. After a crash the old file remains. The rename itself is not flushed: after a power failure
    /// the old content is still valid, and the next write repeats the change.
    /// </summary>
    /// <param name="path">The file. Its folder is created if missing.</param>
    /// <param name="content">The complete content.</param>
    /// <param name="mode">Permissions of the file, independent of the umask. Ignored on Windows.</param>
    /// <param name="temporaryFolder">
    /// Folder of the temporary file, on the same filesystem; created if missing. Set it if another process watches the folder of <paramref
    /// name="path"/>, as Prometheus does for target files. Default: the folder of the file, as <c>.name.tmp</c>.
    /// </param>
    /// <returns>True if the file was written. False if it already had this content; its modification time is then unchanged.</returns>
    /// <exception cref="IOException">The file cannot be written. The old content remains.</exception>
    /// <exception cref="UnauthorizedAccessException">The process has no permission to write. The old content remains.</exception>
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
        // Restricts access while a secret is being written. The final permissions are set at the end, independent of the umask.
        options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(path, options);
        stream.Write(content);
        File.SetUnixFileMode(stream.SafeFileHandle, mode);
        stream.Flush(flushToDisk: true);
    }
}
