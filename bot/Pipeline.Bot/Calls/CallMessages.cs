using System.Globalization;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Contracts;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Calls;

/// <summary>
/// What a running recording says: a line in its panel, a message in a channel, a direct message to the one who started it.
/// </summary>
internal sealed class CallMessages(ChannelMessages channels, CallPanel panel, CallPeople people, StartCall start, ActiveRecording host)
    : IAsyncDisposable
{
    public CallPanel Panel => panel;

    /// <summary>To whom it speaks.</summary>
    public CallPeople People => people;

    /// <summary>What people can do about the news that a recording has ended.</summary>
    public MessageComponent StartAgainButton =>
        MessageComponent.Button("Start again", CustomIds.For(CustomIds.CheckAgain, people.ChannelId.ToString(CultureInfo.InvariantCulture)),
            ButtonStyle.Primary);

    public MessageComponent StopButton =>
        MessageComponent.Button("Stop", CustomIds.For(CustomIds.Stop, host.Session.RecordingId), ButtonStyle.Danger);

    /// <summary>What somebody can answer to being recorded.</summary>
    public IReadOnlyList<MessageComponent> ConsentButtons =>
        RecordingPanel.ConsentButtons(host.Session.RecordingId, host.Ledger?.Mode ?? ConsentLedger.Off);

    /// <summary>One line more in the panel, and a message in the channel.</summary>
    /// <param name="line">What the panel's line says when the whole text is too long for it.</param>
    public void Say(string text, MessageComponent? button = null, bool inCall = false, IReadOnlyList<ulong>? ping = null,
        string? line = null) => Say(text, button is null ? [] : [button], inCall, ping, line);

    /// <inheritdoc cref="Say(string, MessageComponent?, bool, IReadOnlyList{ulong}?, string?)"/>
    public void Say(string text, IReadOnlyList<MessageComponent> buttons, bool inCall = false, IReadOnlyList<ulong>? ping = null,
        string? line = null)
    {
        panel.Note(line ?? text);
        Post(text, buttons, inCall, ping);
    }

    /// <summary>A message in the channel alone.</summary>
    /// <param name="unsaid">Called on any thread when Discord is away, so that nobody reads it.</param>
    public void Post(string text, IReadOnlyList<MessageComponent> buttons, bool inCall, IReadOnlyList<ulong>? ping = null,
        Action? unsaid = null)
    {
        ulong target = inCall || start.PanelChannel is null ? people.ChannelId : start.PanelChannel.Value;
        MessageBody body = new()
        {
            Content = text,
            AllowedMentions = new AllowedMentions { Users = ping },
            Components = buttons.Count == 0 ? null : [MessageComponent.Row(buttons)],
        };
        channels.Say(target, body, start.PanelChannel, unsaid);
    }

    /// <summary>An empty call has nobody to warn.</summary>
    public void SayToPeople(string text)
    {
        if (people.AreHere) Say(text);
        else panel.Note(text);
    }

    public void TellStarter(string text) => channels.Tell(host.Session.StartedBy, new MessageBody { Content = text });

    /// <summary>Where the message is; null: the starter takes no direct messages, or Discord is away.</summary>
    public Task<PostedPanel?> TryTellStarterAsync(MessageBody body) =>
        channels.TryTellAsync(host.Session.StartedBy, body, CancellationToken.None);

    /// <summary>Finishes what was said.</summary>
    public ValueTask DisposeAsync() => channels.DisposeAsync();
}
