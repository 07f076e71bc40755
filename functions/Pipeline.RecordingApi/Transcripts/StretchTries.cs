using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>
/// Has stretches turned into text, some at once in this process. A service that is away costs its stretches nothing but time: each is
/// marked and tried again, for about a day.
/// </summary>
public sealed class StretchTries(TranscriptTable table, TranscriptTracks tracks, SegmentPcm reader, ITranscriber service,
    TranscriptionOptions options, TimeProvider time, ILogger<StretchTries> log) : IDisposable
{
    /// <summary>Pauses before the second, third… try; the last one stays.</summary>
    private static readonly TimeSpan[] Delays =
    [
        TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15),
    ];

    private const int MostTries = 100; // a day

    /// <summary>A service that refuses one sound three times will not take it.</summary>
    private const int MostTriesOfRefusedSound = 3;

    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Piece = TimeSpan.FromMinutes(1);

    private readonly WorkPlaces places = new(options.Parallelism, Piece, time);
    private long pausedUntil; // UTC ticks: the service asked for a pause, or is away; for all recordings of this process

    /// <summary>Tries the stretches of one track that are due, one after the other.</summary>
    internal async Task<TriedStretches> RunAsync(RecordingDetails details, ulong userId, IReadOnlyList<StretchRow> own,
        CancellationToken cancellation)
    {
        StretchRow[] waiting = [.. own.Where(row => row.State == StretchState.Waiting)];
        if (waiting.Length == 0) return new TriedStretches(null);
        if (await tracks.FindAsync(details, userId, cancellation) is not { } track) return new TriedStretches(null);
        long began = time.GetTimestamp();
        DateTimeOffset? nextAt = null;
        foreach (StretchRow row in waiting)
        {
            DateTimeOffset? at = time.GetElapsedTime(began) > Piece ? time.GetUtcNow() : NotBefore(row);
            at ??= await TryAsync(RecordingId.Parse(details.Id), track, row, cancellation);
            if (at is { } later && (nextAt is null || later < nextAt)) nextAt = later;
        }
        return new TriedStretches(nextAt);
    }

    internal DateTimeOffset Now => time.GetUtcNow();

    internal bool IsAhead(DateTimeOffset? at) => at > time.GetUtcNow();

    /// <summary>How long a message is hidden to come at this time; the service counts whole seconds.</summary>
    internal TimeSpan DelayUntil(DateTimeOffset at)
    {
        double seconds = Math.Ceiling((at - time.GetUtcNow()).TotalSeconds);
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 0, LongestDelay.TotalSeconds));
    }

    public void Dispose() => places.Dispose();

    // Null: now.
    private DateTimeOffset? NotBefore(StretchRow row)
    {
        DateTimeOffset paused = new(Interlocked.Read(ref pausedUntil), TimeSpan.Zero);
        DateTimeOffset at = new[] { row.DueAt ?? default, row.ClaimedUntil ?? default, paused }.Max();
        return at > time.GetUtcNow() ? at : null;
    }

    /// <returns>When it is to be tried again; null where it is settled.</returns>
    private async Task<DateTimeOffset?> TryAsync(RecordingId id, RenderTrack track, StretchRow row, CancellationToken cancellation)
    {
        // A function ends after ten minutes: its message comes back instead, and others have their turn meanwhile.
        if (!await places.TryTakeAsync(cancellation)) return time.GetUtcNow() + Delays[0];
        try
        {
            // Others have waited for the same place, and may have found the service away.
            if (NotBefore(row) is { } later) return later;
            DateTimeOffset until = time.GetUtcNow() + options.Timeout + TimeSpan.FromSeconds(30);
            // Somebody else has it: who comes after that one's claim finds it settled or due.
            if (await table.TryClaimAsync(id, row, until, cancellation) is not { } claimed) return until;
            StretchRow done = await HearAsync(id, track, claimed, cancellation);
            await table.TryFinishAsync(id, done, cancellation);
            return done.State == StretchState.Waiting ? done.DueAt : null;
        }
        finally
        {
            places.Release();
        }
    }

    private async Task<StretchRow> HearAsync(RecordingId id, RenderTrack track, StretchRow row, CancellationToken cancellation)
    {
        StretchRow free = row with { ClaimedUntil = null, DueAt = null };
        // Tries that ended with their process, before anything was noted of them.
        if (row.Attempts > MostTries) return Refused(id, free, new TranscriptionException(row.Reason ?? "no try came to its end"));
        if (await StretchSound.ReadAsync(reader, track, row.Stretch, cancellation) is not { } sound)
            return free with { State = StretchState.Failed, Reason = "its sound cannot be read" };
        if (sound.IsSilent) return free with { State = StretchState.Done, Reason = null, Text = new StretchText(null, []) };
        try
        {
            StretchText text = sound.Place(await service.TranscribeAsync(sound.Wave, cancellation));
            if (!TranscriptTable.Holds(text)) throw new TranscriptionException("its text is too long") { IsAboutTheSound = true };
            return free with { State = StretchState.Done, Reason = null, Text = text };
        }
        catch (TranscriptionException refused)
        {
            return Refused(id, free, refused);
        }
        catch (Exception odd) when (!cancellation.IsCancellationRequested)
        {
            // Each try is paid for: what cannot be read is not asked for without an end.
            return Refused(id, free, new TranscriptionException($"its answer cannot be read ({Cause.Of(odd)})", odd)
            {
                IsAboutTheSound = true,
            });
        }
    }

    private StretchRow Refused(RecordingId id, StretchRow row, TranscriptionException refused)
    {
        if (row.Attempts >= (refused.IsAboutTheSound ? MostTriesOfRefusedSound : MostTries))
        {
            ApiLog.TranscriptionGivenUp(log, id, row.Stretch.Start / SampleClock.SamplesPerSecond, row.Attempts, refused.Message);
            return row with { State = StretchState.Failed, Reason = refused.Message };
        }
        TimeSpan delay = Delays[Math.Min(row.Attempts, Delays.Length) - 1];
        TimeSpan asked = refused.RetryAfter is { } wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        if (asked > LongestDelay) asked = LongestDelay;
        if (asked > delay) delay = asked;
        DateTimeOffset now = time.GetUtcNow();
        if (!refused.IsAboutTheSound)
        {
            // The others wait too, but not for as long as one that was tried often.
            TimeSpan pause = asked > TimeSpan.Zero ? asked : delay < LongestPause ? delay : LongestPause;
            Interlocked.Exchange(ref pausedUntil, (now + pause).UtcTicks);
        }
        ApiLog.TranscriptionFailed(log, id, row.Attempts, refused.Message, delay);
        return row with { DueAt = now + delay, Reason = refused.Message };
    }
}

/// <summary>What came of some tries.</summary>
/// <param name="NextAt">When the first that is not settled is due; null where all are.</param>
internal readonly record struct TriedStretches(DateTimeOffset? NextAt);
