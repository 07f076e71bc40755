using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.DiscordSimulator;

/// <summary>What a simulator is like from its start; everything that goes wrong later is a fault object.</summary>
public sealed class SimulatorOptions
{
    /// <summary>The only clock: deadlines, tokens, heartbeats, packets.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Decides ids, keys, loss, jitter. The same seed and the same actions give the same run.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Granularity of timers and so of packets.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Token of the application <see cref="DiscordSimulator.Bot"/>.</summary>
    public string BotToken { get; init; } = "simulated.bot.token";

    /// <summary>Name of the application <see cref="DiscordSimulator.Bot"/>.</summary>
    public string BotName { get; init; } = "Recorder";

    /// <summary>Port of REST and gateway; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Voice servers; a change of region goes to the next one.</summary>
    public int VoiceServers { get; init; } = 2;

    /// <summary>Milliseconds in op 10 of the main gateway; a client silent for twice as long is closed with 4009.</summary>
    public TimeSpan GatewayHeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(41250);

    /// <summary>How long a session without a connection can be resumed.</summary>
    public TimeSpan GatewaySessionLifetime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Dispatches kept for a resume.</summary>
    public int GatewayReplayBuffer { get; init; } = 1000;

    /// <summary>Refuse (op 9) a second identify within 5 s.</summary>
    public bool EnforceIdentifyPace { get; init; } = true;

    /// <summary>Voice heartbeat interval; it is sent as a number with a fraction, as Discord does.</summary>
    public TimeSpan VoiceHeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(13750);

    /// <summary>How long a voice session without a web socket stays in the call and can be resumed.</summary>
    public TimeSpan VoiceSessionLifetime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Numbered voice messages kept for a resume.</summary>
    public int VoiceReplayBuffer { get; init; } = 256;

    /// <summary>Number of the first numbered voice message; near 65535 it wraps early.</summary>
    public ushort FirstVoiceSequence { get; init; } = 1;

    /// <summary>Transport ciphers offered in op 2, in this order.</summary>
    public IReadOnlyList<string> VoiceModes { get; init; } =
        ["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"];

    /// <summary>Whether calls are end-to-end encrypted.</summary>
    public DaveMode Dave { get; init; } = DaveMode.Off;

    /// <summary>Variations of the end-to-end layer's delivery service, and its faults.</summary>
    public DeliveryOptions Delivery { get; init; } = new();

    /// <summary>Send op 25 before op 4 instead of after it.</summary>
    public bool ExternalSenderFirst { get; init; }

    /// <summary>Messages that real servers send and a client must bear: op 12, 14, 15, 18, 20 and one that nobody knows.</summary>
    public bool VoiceNoise { get; init; } = true;

    /// <summary>
    /// The discovery reply tells a port that is not the socket's own, as behind a NAT; a client that selects its local
    /// port instead hears nothing.
    /// </summary>
    public bool SimulateNat { get; init; }

    /// <summary>Without a datagram from the client for so long its mapping is gone and nothing reaches it. Null: for ever.</summary>
    public TimeSpan? NatMappingLifetime { get; init; }

    /// <summary>What a client must have sent before it receives media.</summary>
    public ReceiveUnlock ReceiveUnlock { get; init; } = ReceiveUnlock.Discovery;

    /// <summary>Remember every delivered and dropped packet; off keeps counters only (for long runs).</summary>
    public bool KeepDeliveries { get; init; } = true;

    /// <summary>Requests of one route and major parameter in <see cref="RateLimitWindow"/>.</summary>
    public int RateLimit { get; init; } = 25;

    /// <summary>Window of <see cref="RateLimit"/>.</summary>
    public TimeSpan RateLimitWindow { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Requests a second of one bot over all routes, interaction routes not counted.</summary>
    public int GlobalRateLimit { get; init; } = 50;

    /// <summary>Edits a minute, over a channel, of messages that are older than an hour; more are refused with 30046.</summary>
    public int OldMessageEdits { get; init; } = 10;

    /// <summary>Log lines kept in memory.</summary>
    public int LogCapacity { get; init; } = 100_000;

    /// <summary>Where log lines also go. The caller disposes it.</summary>
    public TextWriter? LogWriter { get; init; }

    /// <summary>Serve the control interface of scripts beside REST.</summary>
    public bool ControlInterface { get; init; }

    /// <summary>What the control interface's quit does.</summary>
    public Action? QuitRequested { get; init; }
}
