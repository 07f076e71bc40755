using System.Runtime.InteropServices;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Transcripts;
using Whisper.net;

namespace Pipeline.Functions.Local;

/// <summary>
/// whisper.cpp in this process, with a model of the owner's: nothing leaves the machine. The model is loaded with the first stretch and
/// stays. How many run at once is bounded where stretches are tried; the processors are shared among them.
/// </summary>
internal sealed class WhisperTranscriber(WhisperModel model, TranscriptionOptions options, TimeProvider time,
    ILogger<WhisperTranscriber> logger) : ITranscriber, IDisposable
{
    // Of a token without sound, such as the mark of a time.
    private const string Mark = "[_";

    private const double HundredthsOfASecond = 100;

    private readonly SemaphoreSlim loading = new(1);
    private readonly SemaphoreSlim places = new(options.Parallelism);
    private WhisperFactory? loaded;

    /// <summary>Native code computes. It is left alone when the grace of an end is over.</summary>
    public bool IsRunning => places.CurrentCount < options.Parallelism;

    public async Task<Transcription> TranscribeAsync(byte[] wave, CancellationToken cancellation)
    {
        WhisperFactory factory = await LoadAsync(cancellation);
        using CancellationTokenSource patience = new(options.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            await places.WaitAsync(either.Token);
            // whisper.cpp asks seldom whether it is to end, at worst once in half a minute of sound: nobody waits for it.
            return await HearAsync(factory, Samples(wave), either.Token).WaitAsync(either.Token);
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception) when (patience.IsCancellationRequested)
        {
            throw new TranscriptionException($"the model did not end within {options.Timeout.TotalSeconds:0} s: raise "
                + "Transcription__Timeout, lower Transcription__Parallelism, or take a smaller model");
        }
        catch (WhisperProcessingException fault)
        {
            throw new TranscriptionException($"the model ended with code {fault.ErrorCode}", fault) { IsAboutTheSound = true };
        }
    }

    public void Dispose()
    {
        // What still runs, reads the model; the process ends soon, and takes both along.
        if (!IsRunning) loaded?.Dispose();
    }

    private async Task<WhisperFactory> LoadAsync(CancellationToken cancellation)
    {
        await loading.WaitAsync(cancellation);
        try
        {
            if (loaded is not null) return loaded;
            // Read through once more: it may have been replaced since the start.
            loaded = await Task.Run(() => WhisperFactory.FromPath(WhisperModel.Read(model.Path).Path), cancellation);
            Log.ModelLoaded(logger, model);
            return loaded;
        }
        catch (Exception fault) when (fault is WhisperModelLoadException or InvalidDataException or IOException
            or UnauthorizedAccessException)
        {
            throw new TranscriptionException($"the file of Transcription__ModelPath cannot be loaded ({Cause.Of(fault)})", fault);
        }
        finally
        {
            loading.Release();
        }
    }

    /// <summary>Gives the place back when the native code has come to its end.</summary>
    private async Task<Transcription> HearAsync(WhisperFactory factory, float[] samples, CancellationToken cancellation)
    {
        try
        {
            return await Task.Run(() => RunAsync(factory, samples, cancellation), CancellationToken.None);
        }
        finally
        {
            places.Release();
        }
    }

    private async Task<Transcription> RunAsync(WhisperFactory factory, float[] samples, CancellationToken cancellation)
    {
        List<HeardPhrase> phrases = [];
        string? language = null;
        WhisperProcessorBuilder builder = factory.CreateBuilder()
            .WithThreads(Math.Max(1, Environment.ProcessorCount / options.Parallelism))
            .WithProbabilities().WithTokenTimestamps();
        if (!model.IsMultilingual) builder.WithLanguage("en");
        else if (options.Language is { } spoken) builder.WithLanguage(spoken);
        else builder.WithLanguageDetection();
        await using WhisperProcessor processor = builder.Build();
        await foreach (SegmentData part in processor.ProcessAsync(samples, cancellation))
        {
            language ??= part.Language;
            if (!string.IsNullOrWhiteSpace(part.Text)) phrases.Add(Phrase(part));
        }
        cancellation.ThrowIfCancellationRequested();
        return new Transcription(language, phrases);
    }

    private static HeardPhrase Phrase(SegmentData part)
    {
        WhisperToken[] tokens = [.. part.Tokens.Where(token => token.Text is { Length: > 0 } text
            && !text.StartsWith(Mark, StringComparison.Ordinal))];
        List<List<WhisperToken>> groups = [];
        foreach (WhisperToken token in tokens)
        {
            // A word begins with its blank.
            if (groups.Count == 0 || token.Text![0] == ' ') groups.Add([]);
            groups[^1].Add(token);
        }
        HeardWord[] words = [.. groups.Select(Word).Where(word => word.Text.Length > 0)];
        string text = part.Text.Trim();
        // Tokens of some scripts are parts of letters, and of some the whole phrase is one word.
        bool areWords = string.Join(' ', words.Select(word => word.Text)) == text && (words.Length > 1 || tokens.Length <= 4);
        return new HeardPhrase(part.Start.TotalSeconds, part.End.TotalSeconds, text, Confidence(tokens), areWords ? words : []);
    }

    private static HeardWord Word(List<WhisperToken> tokens) => new(
        tokens[0].Start / HundredthsOfASecond, tokens[^1].End / HundredthsOfASecond,
        string.Concat(tokens.Select(token => token.Text)).Trim(), Confidence(tokens));

    // As the services do: of the mean logarithm of the tokens' probability.
    private static double? Confidence(IReadOnlyCollection<WhisperToken> tokens) => tokens.Count == 0 ? null
        : Math.Clamp(Math.Exp(tokens.Average(token => (double)token.ProbabilityLog)), 0, 1);

    private static float[] Samples(byte[] wave)
    {
        ReadOnlySpan<short> values = MemoryMarshal.Cast<byte, short>(wave.AsSpan(WavFormat.HeaderSize));
        float[] samples = new float[values.Length];
        for (int i = 0; i < values.Length; i++) samples[i] = values[i] / 32768f;
        return samples;
    }
}
