using System.Collections.Immutable;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>Gaps and notes of a recording. Written by the tick's thread, read by any.</summary>
internal sealed class GapLog
{
    public const string Loss = "loss";
    public const string Undecryptable = "undecryptable";
    public const string Spool = "spool";
    public const string Paused = "paused";

    /// <summary>What the manifest can carry; later gaps are counted only (they are silence in the audio all the same).</summary>
    private const int Capacity = 1000;

    private ImmutableArray<RecordingGap> gaps = [];
    private ImmutableArray<RecordingNote> notes = [];
    private long unlisted;

    public ImmutableArray<RecordingGap> Gaps => gaps;
    public ImmutableArray<RecordingNote> Notes => notes;
    public long Unlisted => Volatile.Read(ref unlisted);

    /// <param name="userId">Null for all tracks.</param>
    public void Add(ulong? userId, long start, long samples, string reason)
    {
        if (samples <= 0) return;
        if (gaps.Length == Capacity) Volatile.Write(ref unlisted, unlisted + 1);
        else gaps = gaps.Add(new RecordingGap { UserId = userId, StartSample = start, SampleCount = samples, Reason = reason });
    }

    /// <summary>False: a thousand notes are there already.</summary>
    public bool AddNote(long sample, ulong userId, string text)
    {
        if (notes.Length == Capacity) return false;
        notes = notes.Add(new RecordingNote { Sample = sample, UserId = userId, Text = text });
        return true;
    }
}
