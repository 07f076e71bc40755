using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Pipeline.Bot.Replay;

/// <summary>What the command line of <c>replay</c> says, checked.</summary>
internal sealed record ReplayOptions
{
    public required IReadOnlyList<ReplaySpeaker> Speakers { get; init; }

    /// <summary>Times real time, 1 to 500.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>The files are repeated until the call is this long; zero: each once.</summary>
    public TimeSpan RepeatFor { get; init; }

    /// <summary>Silence between two repetitions of a file.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>Fraction of packets that are lost, 0 to 0.9.</summary>
    public double Loss { get; init; }

    /// <summary>Each packet is late by a random time up to this, 0 to 1 s.</summary>
    public TimeSpan Jitter { get; init; }

    public int Seed { get; init; } = 1;
    public ulong GuildId { get; init; } = 1;
    public ulong ChannelId { get; init; } = 1;
    public string GuildName { get; init; } = "Replay";
    public string? Title { get; init; }

    /// <summary>Go on with the recording that an earlier call with the same arguments began, if it has not ended.</summary>
    public bool Continue { get; init; }

    /// <summary>The recording to go on with, or null for the one that an earlier call with the same arguments began.</summary>
    public string? ContinueId { get; init; }

    /// <summary>Address of the recording API, asked for what was moved and finalized; null: not asked.</summary>
    public Uri? Api { get; init; }

    /// <summary>
    /// The people went on talking while nobody recorded, as in a live call: a continued replay goes on where they are by now,
    /// not where the recording broke off.
    /// </summary>
    public bool OnAir { get; init; }

    /// <summary>Where the summary is written as JSON, or null.</summary>
    public string? JsonFile { get; init; }

    /// <summary>The same for every call that replays the same thing: it finds the recording to go on with.</summary>
    public string Fingerprint()
    {
        StringBuilder text = new();
        foreach (ReplaySpeaker speaker in Speakers)
            text.Append(CultureInfo.InvariantCulture, $"{speaker.UserId}|{speaker.Name}|{speaker.File}|{speaker.Start.Ticks}\n");
        text.Append(CultureInfo.InvariantCulture, $"{RepeatFor.Ticks}|{Pause.Ticks}|{Loss}|{Jitter.Ticks}|{Seed}|{GuildId}|{ChannelId}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }
}
