namespace Pipeline.DiscordSimulator.Media;

/// <summary>What the way from one speaker to one client does to packets. "One in n" values of 0 mean never.</summary>
public sealed record MediaConditions
{
    /// <summary>Nothing is lost, late or doubled; packets carry a one-word extension as Discord's do.</summary>
    public static MediaConditions Perfect { get; } = new();

    /// <summary>A bad but usual network: loss as given, jitter, padding now and then, RTCP between.</summary>
    public static MediaConditions Lossy(double loss, TimeSpan jitter) =>
        new() { Loss = loss, Jitter = jitter, PaddingOneIn = 10, RtcpOneIn = 50 };

    /// <summary>Share of packets that never arrive, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Mean number of packets lost in a row.</summary>
    public double LossBurst { get; init; } = 1;

    /// <summary>Delay of every packet.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Further delay, uniform between zero and this; packets keep their order.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Share of packets that come <see cref="ReorderDelay"/> later than their successors expect.</summary>
    public double Reorder { get; init; }

    /// <summary>How late a reordered packet is.</summary>
    public TimeSpan ReorderDelay { get; init; } = TimeSpan.FromMilliseconds(45);

    /// <summary>Share of packets that come twice.</summary>
    public double Duplicate { get; init; }

    /// <summary>Padding (1 to 60 bytes) on one in so many packets.</summary>
    public int PaddingOneIn { get; init; }

    /// <summary>CSRC entries in every packet.</summary>
    public int CsrcCount { get; init; }

    /// <summary>Words of the header extension; 0 sends none.</summary>
    public int ExtensionWords { get; init; } = 1;

    /// <summary>Vary the extension between 0 and 8 words from packet to packet.</summary>
    public bool VaryExtension { get; init; }

    /// <summary>An all-zero packet after one in so many, as some servers emit.</summary>
    public int ZeroPacketOneIn { get; init; }

    /// <summary>A packet of nothing but padding after one in so many.</summary>
    public int PaddingOnlyOneIn { get; init; }

    /// <summary>A video packet (payload type 101, another SSRC) after one in so many.</summary>
    public int VideoOneIn { get; init; }

    /// <summary>An RTCP sender report after one in so many.</summary>
    public int RtcpOneIn { get; init; }

    /// <summary>A packet with a broken tag after one in so many.</summary>
    public int ForgedOneIn { get; init; }
}
