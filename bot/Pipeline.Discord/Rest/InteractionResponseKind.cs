namespace Pipeline.Discord.Rest;

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
