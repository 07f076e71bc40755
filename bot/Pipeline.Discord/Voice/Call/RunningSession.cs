using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pipeline.Dave.Session;
using Pipeline.Discord.Media;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Voice.Call;

/// <summary>A voice session with its task, as a call owns it: what it tells goes into the call's queue, marked with whose it is.</summary>
internal sealed class RunningSession : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly ChannelWriter<VoiceCallInput> inputs;
    private readonly VoiceSession session;
    private readonly Task run;

    public RunningSession(VoiceSessionIdentity identity, VoiceSessionOptions options, AudioFrameRing frames,
        ChannelWriter<VoiceCallInput> inputs, RecoveryLadder ladder, TimeProvider time, ILogger logger)
    {
        this.inputs = inputs;
        session = new VoiceSession(identity, options, frames, news =>
            inputs.TryWrite(new VoiceCallInput.News(this, news)), time, logger, ladder);
        run = Task.Run(RunAsync);
    }

    public VoiceHealth Health => session.Health;

    public DaveSnapshot Encryption => session.Encryption;

    /// <summary>Ends it and waits until it no longer writes into the ring.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await run;
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        VoiceSessionEnd end = await session.RunAsync(stopping.Token);
        try
        {
            await inputs.WriteAsync(new VoiceCallInput.Ended(this, end), stopping.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // The call ended it and needs no telling.
        }
    }
}
