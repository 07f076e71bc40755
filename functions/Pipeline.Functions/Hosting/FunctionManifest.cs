using System.Globalization;
using System.Text.Json;
using Pipeline.Delivery;

namespace Pipeline.Functions.Hosting;

/// <summary>What host.json and the function.json files of a folder say, as far as a pump needs it.</summary>
/// <param name="Queues">Functions with a queue trigger.</param>
/// <param name="Timers">Functions with a timer trigger.</param>
public sealed record FunctionManifest(QueueSettings Settings, IReadOnlyList<QueueFunction> Queues, IReadOnlyList<TimerFunction> Timers)
{
    /// <param name="folder">Holds host.json and one folder per function.</param>
    /// <param name="expand">Gives the value of an app setting; names and schedules may be <c>%SETTING%</c>.</param>
    /// <exception cref="InvalidSettingException">A file is absent or says nothing that can be run.</exception>
    public static FunctionManifest Read(string folder, Func<string, string?> expand)
    {
        QueueSettings settings = QueueSettings.Read(Path.Combine(folder, "host.json"));
        List<QueueFunction> queues = [];
        List<TimerFunction> timers = [];
        foreach (string file in Directory.EnumerateDirectories(folder).Select(child => Path.Combine(child, "function.json")).Where(File.Exists).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(Path.GetDirectoryName(file))!;
            using JsonDocument json = Open(file);
            foreach (JsonElement binding in json.RootElement.GetProperty("bindings").EnumerateArray())
            {
                string variable = Text(binding, "name") ?? "item";
                if (Text(binding, "type") == "queueTrigger") queues.Add(new QueueFunction(name, variable, Expand(Text(binding, "queueName") ?? "", expand)));
                if (Text(binding, "type") == "timerTrigger") timers.Add(new TimerFunction(name, variable, CronSchedule.Parse(Expand(Text(binding, "schedule") ?? "", expand))));
            }
        }
        return queues.Count + timers.Count > 0 ? new FunctionManifest(settings, queues, timers) : throw new InvalidSettingException("function.json", folder, "a folder with functions in it");
    }

    internal static JsonDocument Open(string file)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (Exception fault) when (fault is IOException or JsonException)
        {
            throw new InvalidSettingException(Path.GetFileName(file), fault.Message, "a readable JSON file beside the program");
        }
    }

    private static string? Text(JsonElement binding, string name) => binding.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static string Expand(string value, Func<string, string?> expand) =>
        value.Length > 2 && value[0] == '%' && value[^1] == '%' ? expand(value[1..^1]) ?? throw new InvalidSettingException(value[1..^1], null, "a function.json names it") : value;
}

/// <param name="Name">The function's folder and the path of its endpoint.</param>
/// <param name="Variable">Name of the binding in the envelope.</param>
public sealed record QueueFunction(string Name, string Variable, string Queue);

/// <inheritdoc cref="QueueFunction"/>
public sealed record TimerFunction(string Name, string Variable, CronSchedule Schedule);

/// <summary>Section <c>extensions.queues</c> of host.json with the host's own defaults.</summary>
public sealed record QueueSettings
{
    /// <summary>Messages per receive, at most 32.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>A new receive starts when no more than these are under way.</summary>
    public int NewBatchThreshold { get; init; } = 8;

    public int MaxDequeueCount { get; init; } = 5;

    /// <summary>How long a failed message stays hidden.</summary>
    public TimeSpan VisibilityTimeout { get; init; }

    public TimeSpan MaxPollingInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Limit of one invocation.</summary>
    public TimeSpan FunctionTimeout { get; init; } = TimeSpan.FromMinutes(30);

    public static QueueSettings Read(string hostJson)
    {
        using JsonDocument json = FunctionManifest.Open(hostJson);
        QueueSettings settings = new();
        if (json.RootElement.TryGetProperty("functionTimeout", out JsonElement limit)) settings = settings with { FunctionTimeout = Time(limit) };
        if (!json.RootElement.TryGetProperty("extensions", out JsonElement extensions) || !extensions.TryGetProperty("queues", out JsonElement queues)) return settings;
        if (!queues.TryGetProperty("messageEncoding", out JsonElement encoding) || encoding.GetString() != "none")
        {
            throw new InvalidSettingException("messageEncoding", "base64", "'none' in host.json, as the senders write it");
        }
        return settings with
        {
            BatchSize = Math.Clamp(Number(queues, "batchSize", settings.BatchSize), 1, 32),
            NewBatchThreshold = Math.Max(0, Number(queues, "newBatchThreshold", settings.NewBatchThreshold)),
            MaxDequeueCount = Math.Max(1, Number(queues, "maxDequeueCount", settings.MaxDequeueCount)),
            VisibilityTimeout = queues.TryGetProperty("visibilityTimeout", out JsonElement hide) ? Time(hide) : settings.VisibilityTimeout,
            MaxPollingInterval = queues.TryGetProperty("maxPollingInterval", out JsonElement poll) ? Time(poll) : settings.MaxPollingInterval,
        };
    }

    private static int Number(JsonElement parent, string name, int fallback) => parent.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : fallback;

    private static TimeSpan Time(JsonElement value) => TimeSpan.Parse(value.GetString()!, CultureInfo.InvariantCulture);
}
