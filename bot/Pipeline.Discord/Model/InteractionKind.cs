namespace Pipeline.Discord.Model;

/// <summary>Discord: Interaction Type.</summary>
public enum InteractionKind
{
    Ping = 1,
    Command = 2,
    Component = 3,
    Autocomplete = 4,
    ModalSubmit = 5,
}
