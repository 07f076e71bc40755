namespace Pipeline.Bot.Guilds;

/// <summary>Names under which the manifest keeps what a takeover needs.</summary>
internal static class ManifestProperties
{
    public const string Panel = "panel";
    public const string PanelChannel = "panelChannel";
    public const string VoiceChannel = "voiceChannel";
    public const string NameBefore = "nameBefore";
    public const string NameChanged = "nameChanged";
    public const string Part = "part";
}
