using System.Globalization;

namespace Pipeline.Bot.Calls;

/// <summary>What a manifest keeps for the bot that takes the recording over, and under which names.</summary>
internal static class ManifestProperties
{
    /// <summary>The user id of the bot that records: others in the same servers may share its storage.</summary>
    public const string Bot = "bot";

    public const string Panel = "panel";
    public const string PanelChannel = "panelChannel";
    public const string VoiceChannel = "voiceChannel";
    public const string NameBefore = "nameBefore";
    public const string NameChanged = "nameChanged";
    public const string Part = "part";

    /// <summary>
    /// The call was moved to where not everybody may enter who sees the panel: <see cref="EndIsDue"/>, or that its links were ended.
    /// </summary>
    public const string LinkWithheld = "linkWithheld";

    /// <summary>The recording API has not been reached yet.</summary>
    public const string EndIsDue = "due";

    public const string LinksEnded = "ended";

    /// <summary>A rule started it, and so many people were its condition.</summary>
    public const string ByRule = "byRule";

    /// <summary>The bot's name says that it records.</summary>
    /// <param name="before">The nickname to give back; null: it had none.</param>
    public static void KeepName(Dictionary<string, string> properties, string? before)
    {
        properties[NameChanged] = "true";
        if (before is not null) properties[NameBefore] = before;
    }

    /// <summary>Those that are known before the recording starts.</summary>
    public static Dictionary<string, string> Of(StartCall start)
    {
        Dictionary<string, string> properties = new()
        {
            [VoiceChannel] = start.Channel.Id.ToString(CultureInfo.InvariantCulture),
            [Part] = start.Part.ToString(CultureInfo.InvariantCulture),
        };
        if (start.Rule is { } rule) properties[ByRule] = rule.People.ToString(CultureInfo.InvariantCulture);
        if (start.Before is { IsLinkWithheld: true }) properties[LinkWithheld] = LinksEnded; // it has none yet
        if (start.PanelChannel is { } panel) properties[PanelChannel] = panel.ToString(CultureInfo.InvariantCulture);
        return properties;
    }
}
