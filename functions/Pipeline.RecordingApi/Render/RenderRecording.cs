using System.Collections.Concurrent;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// The function behind the queue <c>render-window</c>: looks at every window of a recording, renders those that are not as they should be,
/// and makes the files once the recording is over. What takes longer than a piece is gone on with by the next message. Repeating it,
/// and two at once, end in the same bytes.
/// </summary>
public sealed class RenderRecording : IDisposable
{
    /// <summary>How long a file is kept that was made on request and can be made again.</summary>
    public static TimeSpan RequestedFilesKept => RequestedFiles.Kept;

    private const int MostAtOnce = 2;

    // A file is committed by four requests, one behind the other.
    private const int TracksAtOnce = 4;

    private const int ErasedAtOnce = 500;
    private const int MostLooks = 10_000;
    private static readonly TimeSpan Piece = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AwaitedPause = TimeSpan.FromSeconds(10);

    private readonly RenderPlans plans;
    private readonly RenderTable table;
    private readonly RendersContainer container;
    private readonly MessageQueues queues;
    private readonly RenderOptions options;
    private readonly TimeProvider time;
    private readonly WindowRender windows;
    private readonly RenderedFiles files;
    private readonly SilentStretches silences;
    private readonly RequestedFiles requested;
    private readonly BundleFile bundles;
    private readonly TextFiles texts;
    private readonly FilesReady ready;
    private readonly WorkPlaces places;
    private readonly HeldParts held = new();
    private readonly LivePasses passes;

    // What this process is at, so that no minute is made twice, and whether somebody asked for the same meanwhile.
    private readonly ConcurrentDictionary<(RecordingId Recording, string? File), bool> busy = new();

    // The last message by which this process comes back to a piece of work, until it is there.
    private readonly ConcurrentDictionary<(RecordingId Recording, string? File), NextLook> next = new();
    private long looks;

    public RenderRecording(RenderPlans plans, RenderTable table, RendersContainer container, SegmentPcm reader, MessageQueues queues,
        RenderSettings settings, FilesReady ready)
    {
        this.ready = ready;
        (this.plans, this.table, this.container, this.queues, options, time) = (plans, table, container, queues, settings.Options,
            settings.Time);
        WindowEncoder encoder = new(settings.Codecs);
        windows = new WindowRender(table, container, reader, encoder, held, options);
        silences = new SilentStretches(container, encoder);
        files = new RenderedFiles(table, container, encoder, silences, time);
        requested = new RequestedFiles(table, container, reader, encoder, windows, files, settings);
        bundles = new BundleFile(table, container, queues, settings);
        texts = new TextFiles(table, container, time);
        passes = new LivePasses(time);
        places = new WorkPlaces(MostAtOnce, Piece, time);
    }

    /// <param name="message">The text of the message as it lies in the queue.</param>
    /// <exception cref="MalformedMessageException">It is not of our contract.</exception>
    public static RenderWindow Read(ReadOnlyMemory<byte> message) => MessageText.Read(message, ContractsJsonContext.Default.RenderWindow,
        static read => read.Version, RenderWindow.CurrentVersion);

    public async Task RunAsync(RenderWindow message, CancellationToken cancellation)
    {
        if (!options.IsOn) return;
        (RecordingId, string?) work = (message.RecordingId, message.File);
        // It waits in the queue no longer.
        if (next.TryGetValue(work, out NextLook last) && last.Number == message.Look) next.TryRemove(KeyValuePair.Create(work, last));
        while (!busy.TryAdd(work, false))
        {
            // The one at work looks once more for all who came meanwhile. Until then its own message stands for theirs.
            if (busy.TryUpdate(work, true, false) || busy.ContainsKey(work)) return;
        }
        try
        {
            // A window takes up to 50 MB: no more than two at once, whatever the batch of the queue.
            if (await places.TryTakeAsync(cancellation)) await WorkInPlaceAsync(message, cancellation);
            else await queues.SendAsync(message, Pause, cancellation);
        }
        finally
        {
            if (busy.TryRemove(work, out bool isAskedAgain) && isAskedAgain)
                await queues.SendAsync(message, TimeSpan.Zero, CancellationToken.None);
        }
    }

    private async Task WorkInPlaceAsync(RenderWindow message, CancellationToken cancellation)
    {
        try
        {
            await WorkAsync(message, cancellation);
        }
        finally
        {
            places.Release();
        }
    }

    private async Task WorkAsync(RenderWindow message, CancellationToken cancellation)
    {
        if (await plans.ReadAsync(message.RecordingId, cancellation) is not { } plan)
        {
            if (await EraseSomeAsync(message.RecordingId, ErasedAtOnce, cancellation) == ErasedAtOnce)
                await queues.SendAsync(message, TimeSpan.Zero, cancellation);
            return;
        }
        long began = time.GetTimestamp();
        bool done = message.File is { } file ? await MakeAsync(plan, file, IsOver, cancellation)
            : await RenderAsync(plan, IsOver, isSettled: false, cancellation);
        // Somebody may have amended or deleted the recording meanwhile: what was made of the old list must not be the last word.
        bool changed = await plans.VersionAsync(message.RecordingId, cancellation) != plan.Version;
        if (changed || (!done && IsOver())) await queues.SendAsync(message, TimeSpan.Zero, cancellation);
        // Who waits for what somebody else makes does not ask again at once.
        else if (!done) await LookAgainAsync(message, Pause, cancellation);
        else if (message.File is null && plan.AwaitsMore) await LookAgainAsync(message, AwaitedPause, cancellation);

        bool IsOver() => time.GetElapsedTime(began) > Piece;
    }

    /// <summary>
    /// One chain of looks for each piece of work, however many people ask for it: nothing is sent while the last message that this
    /// process sent has not come back to it and is still hidden in the queue from all others, twice as long as is counted here.
    /// </summary>
    private async Task LookAgainAsync(RenderWindow message, TimeSpan pause, CancellationToken cancellation)
    {
        (RecordingId, string?) work = (message.RecordingId, message.File);
        if (next.TryGetValue(work, out NextLook last) && last.Pause <= pause && time.GetElapsedTime(last.SentAt) < last.Pause / 2) return;
        NextLook look = new(Interlocked.Increment(ref looks), time.GetTimestamp(), pause);
        await queues.SendAsync(message with { Look = look.Number }, pause, cancellation);
        if (next.Count >= MostLooks) next.Clear();
        next[work] = look;
    }

    private async Task<bool> MakeAsync(RenderPlan plan, string file, Func<bool> isOver, CancellationToken cancellation)
    {
        if (FileCatalogue.Find(plan, options, file) is { Kind: FileKind.Bundle } bundle)
            return (!plan.IsFinal && bundle.Cut is null) || await bundles.MakeAsync(plan, bundle, isOver, cancellation);
        return (!await requested.NeedsWindowsAsync(plan, file, cancellation)
                || await RenderAsync(plan, isOver, isSettled: true, cancellation))
            && await requested.MakeAsync(plan, file, isOver, cancellation);
    }

    public void Dispose()
    {
        places.Dispose();
        held.Dispose();
    }

    /// <summary>Deletes some of what was made of a recording; repeating it is no fault.</summary>
    /// <returns>How many rows or files it found: fewer than <paramref name="most"/> when none is left.</returns>
    public async Task<int> EraseSomeAsync(RecordingId recording, int most, CancellationToken cancellation)
    {
        held.Forget(recording);
        int found = await table.DeleteSomeAsync(recording, most, cancellation);
        if (found < most) found = await container.DeleteSomeAsync(recording, most, cancellation);
        passes.Forget(recording);
        silences.Forget(recording);
        return found;
    }

    private async Task<bool> RenderAsync(RenderPlan plan, Func<bool> isOver, bool isSettled, CancellationToken cancellation)
    {
        (int from, MixLevels levels) = isSettled ? (0, MixLevels.None) : passes.Begin(plan);
        RenderedWindows rows = await RenderedWindows.ReadAsync(table, plan, cancellation, from, levels);
        for (int window = from; window < plan.WindowCount; window++)
        {
            bool worked = await windows.RenderAsync(plan, rows, window, rows.LevelsBefore(window), isSettled, cancellation);
            // Behind a window that was as it should be nobody stops: the next pass would come no further.
            if (!worked || !isOver() || window == plan.WindowCount - 1) continue;
            passes.End(plan, rows, from, window + 1);
            return false;
        }
        passes.End(plan, rows, from, plan.WindowCount);
        if (!plan.IsFinal) await StageSilenceAsync(plan, isOver, cancellation);
        return !plan.IsFinal || plan.TotalSamples == 0 || await CommitAsync(plan, rows, cancellation);
    }

    private async Task StageSilenceAsync(RenderPlan plan, Func<bool> isOver, CancellationToken cancellation)
    {
        foreach (RenderTrack track in plan.Tracks)
        {
            foreach (string format in windows.TrackFormats)
                await StageAsync(new FileSound(track, format), window => WindowRender.IsSilent(plan, track, window));
        }
        foreach (string format in windows.MixFormats)
            await StageAsync(new FileSound(null, format), window => WindowRender.IsSilent(plan, window));

        Task StageAsync(FileSound sound, Func<int, bool> isSilent) =>
            silences.StageAheadAsync(plan, sound, isSilent, isOver, cancellation);
    }

    private async Task<bool> CommitAsync(RenderPlan plan, RenderedWindows rows, CancellationToken cancellation)
    {
        int lost = 0;
        ParallelOptions width = new() { MaxDegreeOfParallelism = TracksAtOnce, CancellationToken = cancellation };
        await Parallel.ForEachAsync(plan.Tracks.Append(null), width, async (track, stop) =>
        {
            // The files of a track one by one: they share its rows.
            foreach (string format in track is null ? windows.MixFormats : windows.TrackFormats)
            {
                bool whole = await files.TryCommitAsync(plan, track, format, track is null ? rows.Mix : rows.Of(track), stop);
                if (!whole) Interlocked.Increment(ref lost);
            }
        });
        if (lost > 0 || !await texts.WriteAsync(plan, rows, options, cancellation)) return false;
        silences.Forget(plan.Recording);
        await ready.TellAsync(plan, rows, options, cancellation);
        return true;
    }

    /// <param name="SentAt">Before it was sent: the queue hides it from later on.</param>
    private readonly record struct NextLook(long Number, long SentAt, TimeSpan Pause);
}

/// <summary>What rendering is told at the start of the process.</summary>
public sealed record RenderSettings(RenderOptions Options, Audio.Opus.OpusCodecs Codecs, TimeProvider Time);

/// <summary>What is rendered without being asked for.</summary>
public sealed record RenderOptions
{
    /// <summary>RENDER_FORMATS: of <c>flac</c>, <c>opus</c> and <c>mp3</c>; none: nothing is rendered.</summary>
    public IReadOnlyList<string> Formats { get; init; } = [RenderFormat.Flac, RenderFormat.Opus, RenderFormat.Mp3];

    public static RenderOptions Off { get; } = new() { Formats = [] };

    public bool IsOn => Formats.Count > 0;
}
