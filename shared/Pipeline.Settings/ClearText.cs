namespace Pipeline.Settings;

/// <summary>Whether a secret may be sent to an address: over https, or over http within this machine.</summary>
public static class ClearText
{
    public static bool IsHarmless(Uri address) => address.Scheme == Uri.UriSchemeHttps || address.IsLoopback;

    /// <param name="allowHttp">The switch that lets a secret go out in the clear.</param>
    public static string Expected(Setting allowHttp) =>
        $"an https address, or http on this machine: elsewhere http shows the secret to everybody on the way, unless {allowHttp.Name} "
            + $"is true";

    /// <summary>Reads an address to which a secret goes. One that would show it is a problem of the reader, and null.</summary>
    /// <param name="allowHttp">The switch that lets a secret go out in the clear.</param>
    public static Uri? ReadAddress(SettingReader setting, Setting<Uri?> address, Setting<bool> allowHttp)
    {
        bool isAllowed = setting.Read(allowHttp);
        if (setting.Read(address) is not { } value) return null;
        if (isAllowed || IsHarmless(value)) return value;
        setting.Refuse(address, Expected(allowHttp));
        return null;
    }
}
