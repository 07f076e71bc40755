namespace Pipeline.Bot.Tests.Capture;

/// <summary>How a synthetic speaker and the network behave. Times in ms, shares 0-1.</summary>
public sealed record SenderScenario(string Name)
{
    public int Seed { get; init; } = 7;
    public double FrameMilliseconds { get; init; } = 20;
    public double Loss { get; init; }
    public double Jitter { get; init; }
    public double Reorder { get; init; }
    public double PartsPerMillion { get; init; }
    public ushort FirstSequence { get; init; } = 1000;
    public uint FirstTimestamp { get; init; } = 123_456;

    /// <summary>Talk and pause in turns, ms: talk first.</summary>
    public int[] Turns { get; init; } = [30_000];

    /// <summary>The RTP clock stands still in pauses, as some clients do.</summary>
    public bool ClockStopsInPauses { get; init; }

    /// <summary>A busy sender: every packet leaves at least so much too late, but for one in <see cref="OnTimeOneIn"/> (0: none).</summary>
    public double Late { get; init; }
    public int OnTimeOneIn { get; init; } = 1;

    /// <summary>It is busy from here, ms after the start of the recording, until <see cref="LateUntil"/>.</summary>
    public double LateFrom { get; init; }
    public double LateUntil { get; init; } = double.PositiveInfinity;

    /// <summary>A talk begins with a silence marker that was left over from the end of the last one, as discord.js does.</summary>
    public bool LeftoverMarker { get; init; }

    /// <summary>The head of every talk is held back for up to so long, then comes bunched.</summary>
    public double HeadHold { get; init; }

    /// <summary>At this time nothing arrives for <see cref="StallLength"/>, then everything at once.</summary>
    public double StallAt { get; init; } = double.NaN;
    public double StallLength { get; init; }

    /// <summary>At this pause the sender comes back with a new source and new bases; -1 never.</summary>
    public int RejoinAtTurn { get; init; } = -1;

    /// <summary>Arrival of the first sample, ms after the start of the recording.</summary>
    public double StartsAt { get; init; } = 1000;

    public override string ToString() =>
        $"{Name} (frames {FrameMilliseconds} ms, loss {Loss:P0}, jitter {Jitter:F0} ms, reorder {Reorder:P0}, {PartsPerMillion} ppm, "
        + $"stall {StallLength:F0} ms at {StallAt:F0}, rejoin {RejoinAtTurn}, head held {HeadHold:F0} ms, marker first "
        + $"{LeftoverMarker}, clock stops {ClockStopsInPauses}, turns {string.Join(" ", Turns)})";
}
