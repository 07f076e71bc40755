using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Something that a person did and what the bot answered.</summary>
public sealed class SimulatedInteraction
{
    private readonly TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<SimulatedMessage> followUps = [];
    private readonly EventLoop loop;

    internal SimulatedInteraction(
        ulong id, string token, InteractionKind kind, SimulatedMember member, SimulatedChannel channel, EventLoop loop)
    {
        this.loop = loop;
        Id = id;
        Token = token;
        Kind = kind;
        Member = member;
        Channel = channel;
        SentAt = loop.Elapsed;
    }

    /// <summary>Snowflake.</summary>
    public ulong Id { get; }

    /// <summary>Authorizes answers for 15 minutes.</summary>
    public string Token { get; }

    /// <summary>What the person did.</summary>
    public InteractionKind Kind { get; }

    /// <summary>The person.</summary>
    public SimulatedMember Member { get; }

    /// <summary>Where.</summary>
    public SimulatedChannel Channel { get; }

    /// <summary>Virtual time at which it was sent.</summary>
    public TimeSpan SentAt { get; }

    /// <summary>Time until the first answer; null before.</summary>
    public TimeSpan? Latency { get; private set; }

    /// <summary>Callback type of the first answer (4, 5, 6, 7, 8 or 9); null before.</summary>
    public int? CallbackType { get; private set; }

    /// <summary>Callback data of the first answer.</summary>
    public JsonObject? CallbackData { get; private set; }

    /// <summary>The message of the first answer, or the one that a button stands on; null before.</summary>
    public SimulatedMessage? Original { get; internal set; }

    /// <summary>True while a deferred answer has not been filled in.</summary>
    public bool IsThinking { get; internal set; }

    /// <summary>True once the person has the real answer, not only the promise of one.</summary>
    public bool HasAnswer => CallbackType is not null && !IsThinking;

    /// <summary>Messages after the first answer.</summary>
    public IReadOnlyList<SimulatedMessage> FollowUps => loop.Run(() => followUps.ToArray());

    /// <summary>Completes with the first answer.</summary>
    public Task Answered => answered.Task;

    /// <summary>What the person has read so far as answer: the original (unless still thinking) and the follow-ups.</summary>
    public string Text => loop.Run(() => string.Join('\n', ((SimulatedMessage?[])[IsThinking ? null : Original, .. followUps])
        .Where(message => message is { IsDeleted: false }).Select(message => message!.Text)));

    /// <summary>True when only the person saw the first answer.</summary>
    public bool IsEphemeral => Original?.IsEphemeral ?? false;

    /// <summary>The message that a component stands on.</summary>
    internal SimulatedMessage? Source { get; init; }

    internal SimulatedApplication? Application { get; init; }

    internal void Answer(int type, JsonObject? data)
    {
        CallbackType = type;
        CallbackData = data;
        Latency = loop.Elapsed - SentAt;
    }

    internal void Release() => answered.TrySetResult();

    internal void Add(SimulatedMessage message) => followUps.Add(message);

    internal SimulatedMessage? FollowUp(ulong id) => followUps.Find(message => message.Id == id && !message.IsDeleted);
}
