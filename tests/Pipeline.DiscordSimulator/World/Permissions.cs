namespace Pipeline.DiscordSimulator.World;

/// <summary>Permission bits of Discord that the simulator knows or passes on (Discord "Permissions").</summary>
[Flags]
public enum Permissions : ulong
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Everything, in every channel.</summary>
    Administrator = 1UL << 3,

    /// <summary>Edit channels.</summary>
    ManageChannels = 1UL << 4,

    /// <summary>Edit the guild.</summary>
    ManageGuild = 1UL << 5,

    /// <summary>See a channel; without it nothing else counts there.</summary>
    ViewChannel = 1UL << 10,

    /// <summary>Write messages.</summary>
    SendMessages = 1UL << 11,

    /// <summary>Delete others' messages.</summary>
    ManageMessages = 1UL << 13,

    /// <summary>Links and embeds in messages.</summary>
    EmbedLinks = 1UL << 14,

    /// <summary>Files in messages.</summary>
    AttachFiles = 1UL << 15,

    /// <summary>Read a channel's past.</summary>
    ReadMessageHistory = 1UL << 16,

    /// <summary>Enter a voice channel.</summary>
    Connect = 1UL << 20,

    /// <summary>Talk in a voice channel.</summary>
    Speak = 1UL << 21,

    /// <summary>Mute others.</summary>
    MuteMembers = 1UL << 22,

    /// <summary>Deafen others.</summary>
    DeafenMembers = 1UL << 23,

    /// <summary>Move others, and enter full channels.</summary>
    MoveMembers = 1UL << 24,

    /// <summary>Talk without push-to-talk.</summary>
    UseVoiceActivity = 1UL << 25,

    /// <summary>Change one's own nickname.</summary>
    ChangeNickname = 1UL << 26,

    /// <summary>Change others' nicknames.</summary>
    ManageNicknames = 1UL << 27,

    /// <summary>Use slash commands.</summary>
    UseApplicationCommands = 1UL << 31,

    /// <summary>Set the line under a voice channel's name.</summary>
    SetVoiceChannelStatus = 1UL << 48,

    /// <summary>What @everyone has in a new guild.</summary>
    Everyday = ViewChannel | SendMessages | EmbedLinks | AttachFiles | ReadMessageHistory | Connect | Speak
        | UseVoiceActivity | ChangeNickname | UseApplicationCommands,

    /// <summary>Every bit that the simulator knows.</summary>
    All = Administrator | ManageChannels | ManageGuild | ManageMessages | MuteMembers | DeafenMembers | MoveMembers
        | ManageNicknames | SetVoiceChannelStatus | Everyday,
}
