using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace AivenMetrics.Lab.Demo;

/// <summary>The folder of the demo: configuration, secrets (mode 0600), logs and data of every process.</summary>
internal sealed class DemoFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public DemoFolder(string path)
    {
        Root = path;
        foreach (var folder in (string[])["config", "secrets", "logs", "run"])
        {
            Directory.CreateDirectory(System.IO.Path.Combine(path, folder), OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    public string Root { get; }

    public string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>Creates a secret of 256 random bits and writes it to a file.</summary>
    /// <returns>The path of the file and the secret.</returns>
    public (string File, string Value) CreateSecret(string name)
    {
        var value = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        return (WriteFile(Path("secrets", name), value), value);
    }

    /// <summary>Writes the configuration file of a role.</summary>
    public string WriteConfiguration(string role, JsonObject configuration) =>
        WriteFile(Path("config", role + ".json"), configuration.ToJsonString());

    /// <summary>Writes a file that only its owner can read.</summary>
    public static string WriteFile(string path, string content)
    {
        using var file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = OwnerOnly,
            }
        );
        using var writer = new StreamWriter(file);
        writer.Write(content);
        return path;
    }
}
