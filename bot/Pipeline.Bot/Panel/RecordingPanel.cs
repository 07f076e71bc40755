using System.Globalization;
using System.Text;
using Pipeline.Contracts;
using Pipeline.Dave.Codes;
using Pipeline.Dave.Session;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Panel;

/// <summary>Draws the panel: one message per recording with its state, speakers, safety and buttons. Pure.</summary>
internal static class RecordingPanel
{
    public const int EventsShown = 10;
    private const int SpeakersShown = 25;
    private const int LongestField = 1024; // Discord: Embed Limits
    private const int LongestRest = 20; // "and 1,000,000 more"

    public static MessageBody Draw(PanelState state) => new()
    {
        Content = "",
        Embeds = [Embed(state)],
        Components = Buttons(state),
    };

    /// <summary>As <see cref="Draw"/> without buttons and only for the one who asked.</summary>
    public static MessageBody DrawPrivately(PanelState state) => Draw(state) with { Components = null };

    private static MessageEmbed Embed(PanelState state)
    {
        List<EmbedField> fields =
        [
            new("Channel", Wording.Channel(state.ChannelId), Inline: true),
            new("Started by", Wording.User(state.Session.StartedBy), Inline: true),
            new("Started", Wording.Time(state.Session.StartedAt), Inline: true),
            new("Elapsed", Wording.Position(state.Elapsed), Inline: true),
            new("Safe up to", Wording.Position(Math.Min(state.SafeUpTo, state.Elapsed)), Inline: true),
            new("On my disk", Spool(state), Inline: true),
            new("Speakers", Speakers(state.Speakers)),
        ];
        if (state.Consent == ConsentLedger.Required)
        {
            string agreed = Wording.Count(state.Agreed, "person has", "people have") + " agreed";
            fields.Insert(fields.Count - 1, new EmbedField("Consent", agreed));
        }
        if (Encryption(state) is { } encryption) fields.Insert(fields.Count - 1, encryption);
        if (state.Events.Count > 0) fields.Add(new EmbedField("Last events", Events(state.Events)));
        return new MessageEmbed
        {
            Title = Title(state),
            Description = state.Outcome,
            Color = Color(state.Phase),
            Fields = fields,
            Footer = new EmbedFooter("Recording " + state.Session.RecordingId),
        };
    }

    /// <summary>The code only while it stands for something: unencrypted audio is in nobody's group.</summary>
    private static EmbedField? Encryption(PanelState state)
    {
        string ghosts = state.Unannounced.Count == 0 ? "" : "\n" + Texts.Unannounced(state.Unannounced);
        return state.Protection switch
        {
            DaveProtection.Unencrypted => new EmbedField("Encryption", Texts.PanelUnencrypted),
            DaveProtection.DowngradeAnnounced => new EmbedField("Encryption", Texts.PanelDowngradeAnnounced + ghosts),
            _ when state.PrivacyCode is { Length: > 0 } code =>
                new EmbedField("Privacy code", $"`{DisplayableCode.WithSpaces(code)}`{ghosts}"),
            _ => null,
        };
    }

    private static string Title(PanelState state)
    {
        string phase = state.Phase switch
        {
            PanelPhase.Connecting => "🟠 Connecting",
            PanelPhase.Recording => "🔴 Recording",
            PanelPhase.Paused => "⏸️ Paused",
            PanelPhase.Reconnecting => "🟡 Reconnecting",
            PanelPhase.Stopping => "⚪ Stopping",
            PanelPhase.Storing => "⚪ Ended, storing",
            PanelPhase.Stored => "✅ Stored",
            _ => "⚪ Ended, nothing was recorded",
        };
        return string.IsNullOrWhiteSpace(state.Session.Title) ? phase : phase + " · " + Wording.Plain(state.Session.Title, 100);
    }

    private static int Color(PanelPhase phase) => phase switch
    {
        PanelPhase.Connecting => 0xE67E22,
        PanelPhase.Recording => 0xE74C3C,
        PanelPhase.Paused => 0x3498DB,
        PanelPhase.Reconnecting => 0xF1C40F,
        PanelPhase.Stored => 0x2ECC71,
        _ => 0x95A5A6,
    };

    private static string Spool(PanelState state) => state.StorageProblem
        ?? (state.SpoolFiles == 0 ? "nothing waits" : $"{Wording.Count(state.SpoolFiles, "file")}, {Wording.Bytes(state.SpoolBytes)}");

    private static string Speakers(IReadOnlyList<PanelSpeaker> speakers)
    {
        if (speakers.Count == 0) return "nobody has spoken yet";
        // Who speaks now first, then who has been heard, then the others; shown in their own order.
        int[] byNeed = [.. Enumerable.Range(0, speakers.Count).OrderBy(i => speakers[i].Speaking ? 0 : speakers[i].Received > 0 ? 1 : 2)];
        string[] lines = [.. speakers.Select(Line)];
        SortedSet<int> shown = [];
        int length = 0;
        foreach (int i in byNeed.Take(SpeakersShown))
        {
            bool isLast = shown.Count + 1 == speakers.Count;
            if (length + lines[i].Length + 1 + (isLast ? 0 : LongestRest) > LongestField) break;
            length += lines[i].Length + 1;
            shown.Add(i);
        }
        int rest = speakers.Count - shown.Count;
        IEnumerable<string> text = shown.Select(i => lines[i]);
        return string.Join('\n', rest == 0 ? text : text.Append($"and {Wording.Number(rest)} more"));
    }

    private static string Line(PanelSpeaker speaker)
    {
        string name = (speaker.Speaking ? "🎙️ " : "") + "**" + Wording.Plain(speaker.Name, 40) + "**";
        if (speaker.OptedOut) return name + " not recorded";
        long expected = speaker.Received + speaker.Lost;
        long lost = speaker.Lost + speaker.Undecryptable; // what came and cannot be opened is in no file either
        double share = expected == 0 ? 0 : 100.0 * lost / expected;
        string undecryptable = speaker.Undecryptable == 0 ? "" : $", {Wording.Number(speaker.Undecryptable)} of them undecryptable";
        return string.Create(CultureInfo.InvariantCulture,
            $"{name} {Wording.Number(speaker.Received)} received, {Wording.Number(lost)} lost ({share:0.0} %){undecryptable}");
    }

    private static string Events(IReadOnlyList<PanelEvent> events) =>
        Fit(events.TakeLast(EventsShown).Select(one => $"`{Wording.Position(one.Sample)}` {one.Text}"));

    /// <summary>Whole lines, as many as a field takes, the newest kept.</summary>
    private static string Fit(IEnumerable<string> lines)
    {
        List<string> kept = [.. lines];
        while (kept.Count > 1 && kept.Sum(line => line.Length + 1) > LongestField) kept.RemoveAt(0);
        StringBuilder text = new(string.Join('\n', kept));
        return text.Length > LongestField ? text.ToString(0, LongestField) : text.ToString();
    }

    private static List<MessageComponent> Buttons(PanelState state)
    {
        List<MessageComponent> buttons = [];
        if (state.Phase is PanelPhase.Connecting or PanelPhase.Recording or PanelPhase.Paused or PanelPhase.Reconnecting)
        {
            bool paused = state.Phase == PanelPhase.Paused;
            buttons.Add(MessageComponent.Button("Stop", CustomIds.For(CustomIds.Stop, state.Session.RecordingId), ButtonStyle.Danger));
            buttons.Add(MessageComponent.Button("Note", CustomIds.For(CustomIds.Note, state.Session.RecordingId)));
            buttons.Add(paused
                ? MessageComponent.Button("Resume", CustomIds.For(CustomIds.Resume, state.Session.RecordingId), ButtonStyle.Success)
                : MessageComponent.Button("Pause", CustomIds.For(CustomIds.Pause, state.Session.RecordingId)));
            if (state.Consent == ConsentLedger.Off) buttons.AddRange(ConsentButtons(state.Session.RecordingId, state.Consent));
        }
        if (state.Link is { } link && Uri.TryCreate(link, UriKind.Absolute, out _)) buttons.Add(MessageComponent.Link("Open", link));
        if (buttons.Count == 0) return [];
        // A row holds five.
        bool asks = state.Consent != ConsentLedger.Off && state.Phase < PanelPhase.Stopping;
        return asks ? [MessageComponent.Row(buttons), MessageComponent.Row(ConsentButtons(state.Session.RecordingId, state.Consent))]
            : [MessageComponent.Row(buttons)];
    }

    /// <summary>What somebody can answer to being recorded.</summary>
    /// <param name="mode">A word of <see cref="ConsentLedger.Mode"/>.</param>
    public static IReadOnlyList<MessageComponent> ConsentButtons(RecordingId recording, string mode)
    {
        MessageComponent optOut = MessageComponent.Button(ConsentTexts.OptOutButton, CustomIds.For(CustomIds.Me, recording));
        return mode switch
        {
            ConsentLedger.Required =>
                [MessageComponent.Button(ConsentTexts.AgreeButton, CustomIds.For(CustomIds.Agree, recording), ButtonStyle.Success), optOut],
            ConsentLedger.Ask =>
                [MessageComponent.Button(ConsentTexts.EraseButton, CustomIds.For(CustomIds.EraseMe, recording), ButtonStyle.Danger),
                    optOut],
            _ => [optOut],
        };
    }
}
