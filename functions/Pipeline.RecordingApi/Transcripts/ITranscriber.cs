namespace Pipeline.RecordingApi.Transcripts;

/// <summary>What turns speech into text: one of two kinds of services, or a model in the executable that can run one.</summary>
public interface ITranscriber
{
    /// <param name="wave">WAV, one channel, 16 kHz, s16le, at most about a minute: 2 MB, far below the 25 MB that services take.</param>
    /// <exception cref="TranscriptionException">It gave no text.</exception>
    Task<Transcription> TranscribeAsync(byte[] wave, CancellationToken cancellation);
}

/// <summary>What a service heard. Times in seconds since the beginning of what it was sent, as it said them: unchecked.</summary>
/// <param name="Language">As the service names it; null where it does not.</param>
/// <param name="Phrases">In any order; none where it heard no words.</param>
public sealed record Transcription(string? Language, IReadOnlyList<HeardPhrase> Phrases);

/// <summary>A sentence or so.</summary>
/// <param name="Confidence">0 to 1; null where the service does not say.</param>
/// <param name="Words">Empty where the service gives none.</param>
public sealed record HeardPhrase(double Start, double End, string Text, double? Confidence, IReadOnlyList<HeardWord> Words);

/// <summary>One word.</summary>
public sealed record HeardWord(double Start, double End, string Text, double? Confidence = null);

/// <summary>A service gave no text.</summary>
/// <param name="message">What happened, for a person; no secret.</param>
public sealed class TranscriptionException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What the service asked for.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>It refused this very request; others may go through.</summary>
    public bool IsAboutTheSound { get; init; }
}
