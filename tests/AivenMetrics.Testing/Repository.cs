namespace AivenMetrics.Testing;

/// <summary>The repository that contains the running tests.</summary>
internal static class Repository
{
    /// <summary>The folder of <c>AivenMetrics.sln</c>, above the folder of the test program.</summary>
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AivenMetrics.sln")))
        {
            folder = folder.Parent
                ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} contains AivenMetrics.sln.");
        }
        return folder.FullName;
    }
}
