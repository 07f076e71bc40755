using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>Sends and reads the messages of the queue <c>recording-deletions</c>.</summary>
public sealed class DeletionMessages(MessageQueues queues)
{
    public Task SendAsync(DeleteRecording message, TimeSpan delay, CancellationToken cancellation) => queues.SendAsync(
        StorageNames.DeletionQueue, JsonSerializer.Serialize(message, DeletionJsonContext.Default.DeleteRecording), delay, cancellation);

    public Task SendAsync(ForgetPerson message, TimeSpan delay, CancellationToken cancellation) => queues.SendAsync(
        StorageNames.DeletionQueue, JsonSerializer.Serialize(message, DeletionJsonContext.Default.ForgetPerson), delay, cancellation);

    /// <summary>Null where the message is not about a person, or not readable at all.</summary>
    public static ForgetPerson? TryReadForget(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonSerializer.Deserialize(text.Span, DeletionJsonContext.Default.ForgetPerson) is
            { Version: DeleteRecording.CurrentVersion } message ? message : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <exception cref="MalformedMessageException">It is not of our contract.</exception>
    public static DeleteRecording Read(ReadOnlyMemory<byte> text) => MessageText.Read(
        text, DeletionJsonContext.Default.DeleteRecording, static read => read.Version, DeleteRecording.CurrentVersion);
}

/// <summary>A message of the queue <c>recording-deletions</c>: look at one recording and delete what is left.</summary>
public sealed record DeleteRecording
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required RecordingId RecordingId { get; init; }

    /// <summary>Looks before this one; an older one that still comes is a copy.</summary>
    public int Look { get; init; }
}

/// <summary>Another message of that queue: take one person out of a server's recordings, or out of one.</summary>
public sealed record ForgetPerson
{
    public int Version { get; init; } = DeleteRecording.CurrentVersion;

    /// <summary>Id of the server, or of the recording.</summary>
    public required string Scope { get; init; }

    [JsonNumberHandling(Snowflakes.AsText)]
    public required ulong UserId { get; init; }

    /// <inheritdoc cref="DeleteRecording.Look"/>
    public int Look { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(DeleteRecording))]
[JsonSerializable(typeof(ForgetPerson))]
internal sealed partial class DeletionJsonContext : JsonSerializerContext;
