namespace Pipeline.Discord.Rest;

/// <summary>The first answer to an interaction, due within 3 s (Discord: Interaction Response Object).</summary>
public sealed record InteractionResponse(InteractionResponseKind Type, MessageBody? Data = null)
{
    private const int EphemeralFlag = 64;

    /// <summary>"is thinking"; the real answer edits it. Whether only the caller sees it is decided here for good.</summary>
    public static InteractionResponse Deferred(bool ephemeral) =>
        new(InteractionResponseKind.DeferredMessage, ephemeral ? new MessageBody { Flags = EphemeralFlag } : null);

    /// <summary>A button was taken note of; its message stays as it is.</summary>
    public static InteractionResponse DeferredUpdate() => new(InteractionResponseKind.DeferredUpdate);

    /// <summary>Opens a form. Cannot be deferred.</summary>
    public static InteractionResponse Form(string customId, string title, IReadOnlyList<MessageComponent> rows) =>
        new(InteractionResponseKind.Modal, new MessageBody { CustomId = customId, Title = title, Components = rows });
}

/// <summary>Discord: Interaction Callback Type.</summary>
public enum InteractionResponseKind
{
    Pong = 1,
    Message = 4,
    DeferredMessage = 5,
    DeferredUpdate = 6,
    UpdateMessage = 7,
    Autocomplete = 8,
    Modal = 9,
}
