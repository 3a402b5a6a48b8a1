using System.Text.Json;
using System.Text.Json.Serialization;
using AivenMetrics.Feed;
using AivenMetrics.StrictPlatform.Lifecycle;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>A binding that the platform has created, or has tried to create.</summary>
/// <param name="Operation">The operation of the last 202 response; null if it had none.</param>
internal sealed record StoredBinding(string Id, string PlanId, string? App, string? Operation);

/// <summary>An instance that the platform has created, or has tried to create.</summary>
internal sealed record StoredInstance(string Id, string ServiceId, string PlanId, PlatformTenant Tenant, string? Operation)
{
    public SortedDictionary<string, StoredBinding> Bindings { get; init; } = [];
}

/// <summary>The stored state of one broker.</summary>
internal sealed record StoredBroker
{
    public SortedDictionary<string, StoredInstance> Instances { get; init; } = [];
}

/// <summary>
/// Stores the names and ids of instances and bindings between commands, in a file with mode 0600. Ids are written before they are sent,
/// so that resources can be deleted even if the response is lost. The file contains no passwords and no credentials.
/// </summary>
/// <param name="path">The file; it is created with the first entry.</param>
/// <param name="broker">URL of the broker; names are separate for each broker.</param>
internal sealed class PlatformStateFile(string path, string broker)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The instances of the broker by name.</summary>
    public IReadOnlyDictionary<string, StoredInstance> Instances => StateOfBroker(Load()).Instances;

    /// <exception cref="UsageException">The name is unknown.</exception>
    public StoredInstance GetInstance(string name) =>
        Instances.TryGetValue(name, out var instance)
            ? instance
            : throw new UsageException(
                $"{path} contains no instance {name} of {broker}: create it with create-service, or name another file with --state."
            );

    /// <exception cref="UsageException">The name is unknown.</exception>
    public StoredBinding GetBinding(string instance, string name) =>
        GetInstance(instance).Bindings.TryGetValue(name, out var binding)
            ? binding
            : throw new UsageException(
                $"{path} contains no binding {name} of {instance}. Its bindings are "
                    + $"{string.Join(", ", GetInstance(instance).Bindings.Keys.DefaultIfEmpty("none"))}."
            );

    public void Save(string name, StoredInstance instance) => Update(known => known.Instances[name] = instance);

    public void Remove(string name) => Update(known => known.Instances.Remove(name));

    public void Save(string instance, string name, StoredBinding binding) =>
        Update(known => known.Instances[instance].Bindings[name] = binding);

    public void Remove(string instance, string name) => Update(known => known.Instances[instance].Bindings.Remove(name));

    /// <summary>Reads, changes and writes the file. Concurrent commands wait for each other.</summary>
    private void Update(Action<StoredBroker> change)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var turn = AcquireLock();
        var all = Load();
        change(all[broker] = StateOfBroker(all));
        AtomicFile.WriteIfChanged(path, JsonSerializer.SerializeToUtf8Bytes(all, Readable), OwnerOnly);
    }

    private FileStream AcquireLock()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = OwnerOnly,
        };
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(path + ".lock", options);
            }
            catch (IOException) when (attempt < 100)
            {
                Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System).GetAwaiter().GetResult();
            }
        }
    }

    private Dictionary<string, StoredBroker> Load()
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize<Dictionary<string, StoredBroker>>(File.ReadAllBytes(path), Readable) ?? []
                : [];
        }
        catch (JsonException)
        {
            throw new UsageException($"{path} is not a valid state file: move it away, or name another file with --state.");
        }
    }

    private StoredBroker StateOfBroker(Dictionary<string, StoredBroker> all) => all.GetValueOrDefault(broker) ?? new StoredBroker();
}

/// <summary>The command line, or a file that it names, is invalid.</summary>
internal sealed class UsageException(string message) : Exception(message);
