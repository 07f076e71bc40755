using System.Globalization;
using Pipeline.RecordingApi.Events;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.RecordingApi.Webhooks;

/// <summary>Reads <c>Webhooks__…</c>; what is wrong becomes a problem of the reader, and that webhook is left out.</summary>
public static class WebhookOptionsReader
{
    public static WebhookOptions Read(SettingReader settings)
    {
        bool allowPrivate = settings.Read(WebhookSettings.AllowPrivate);
        WebhookSetting?[] endpoints = [.. Enumerable.Range(0, WebhookSettings.Most)
            .Select(number => ReadOne(settings, number, allowPrivate))];
        return new WebhookOptions { AllowPrivate = allowPrivate, Endpoints = [.. endpoints.OfType<WebhookSetting>()] };
    }

    private static WebhookSetting? ReadOne(SettingReader settings, int number, bool allowPrivate)
    {
        Setting<string?> url = WebhookSettings.Url.At(number), secret = WebhookSettings.Secret.At(number),
            events = WebhookSettings.Events.At(number);
        Setting<ulong?> guild = WebhookSettings.GuildId.At(number);
        string? address = settings.Read(url), key = settings.Read(secret);
        IReadOnlyList<string> types = ReadEvents(settings, events);
        ulong? guildId = settings.Read(guild);
        if (!settings.IsSet(url) && !settings.IsSet(secret) && !settings.IsSet(events) && !settings.IsSet(guild)) return null;
        settings.Demand(url, "an https address, for its secret, its events or its server is set");
        settings.Demand(secret, "whsec_ and base64 of 24 to 64 bytes: what is posted is signed with it");
        if (address is not null && !allowPrivate && !address.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
            settings.Refuse(url, "an https address; Webhooks__AllowPrivate=true takes http too");
        string[] secrets = key?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (secrets.Length > 2 || !secrets.All(text => WebhookSecret.TryParse(text, out _)))
            settings.Refuse(secret, "whsec_ and base64 of 24 to 64 bytes, or two of them with a blank between");
        return address is null || secrets.Length == 0 ? null
            : new WebhookSetting(new Uri(address), secrets, types, guildId?.ToString(CultureInfo.InvariantCulture))
            { Id = number.ToString(CultureInfo.InvariantCulture) };
    }

    private static string[] ReadEvents(SettingReader settings, Setting<string?> setting)
    {
        string[] types = settings.Read(setting)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        if (types.Except(EventTypes.All).Any()) settings.Refuse(setting, $"some of {string.Join(", ", EventTypes.All)}");
        return [.. types.Distinct()];
    }
}
