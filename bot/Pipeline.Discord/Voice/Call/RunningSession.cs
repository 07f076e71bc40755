using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pipeline.Dave.Session;
using Pipeline.Discord.Media;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Voice.Call;

/// <summary>A voice session with its task, as a call owns it: what it tells goes into the call's queue, marked with whose it is.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "StopAsync does it.")]
internal sealed class RunningSession
{
    private readonly CancellationTokenSource stopping = new();
    private readonly MissedNews missed = new();
    private readonly VoiceCallQueue inputs;
    private readonly VoiceSession session;
    private readonly Task<VoiceSessionEnd> run;

    public RunningSession(VoiceSessionIdentity identity, VoiceSessionOptions options, AudioFrameRing frames,
        VoiceCallQueue inputs, RecoveryLadder ladder, TimeProvider time, ILogger logger)
    {
        this.inputs = inputs;
        session = new VoiceSession(identity, options, frames, news =>
            missed.Pass(news, one => inputs.TryPost(new VoiceCallInput.News(this, one))), time, logger, ladder);
        run = Task.Run(RunAsync);
    }

    public VoiceHealth Health => session.Health;

    public DaveSnapshot Encryption => session.Encryption;

    /// <inheritdoc cref="MissedNews.Take"/>
    public IReadOnlyList<VoiceSessionNews> TakeMissed() => missed.Take();

    /// <summary>Ends it and waits until it no longer writes into the ring. Returns how it ended.</summary>
    public async Task<VoiceSessionEnd> StopAsync()
    {
        await stopping.CancelAsync();
        VoiceSessionEnd end = await run;
        stopping.Dispose();
        return end;
    }

    private async Task<VoiceSessionEnd> RunAsync()
    {
        VoiceSessionEnd end = await session.RunAsync(stopping.Token);
        try
        {
            await inputs.PostAsync(new VoiceCallInput.Ended(this, end), stopping.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // The call ended it and needs no telling.
        }
        return end;
    }
}
