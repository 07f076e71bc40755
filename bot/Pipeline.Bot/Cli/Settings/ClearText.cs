using Pipeline.Settings;

namespace Pipeline.Bot.Cli.Settings;

/// <summary>Whether a secret may be sent to an address: over https, or over http within this machine.</summary>
internal static class ClearText
{
    public static bool IsHarmless(Uri address) => address.Scheme == Uri.UriSchemeHttps || address.IsLoopback;

    /// <param name="allowHttp">The switch that lets a secret go out in the clear.</param>
    public static string Expected(Setting allowHttp) =>
        $"an https address, or http on this machine: elsewhere http shows the secret to everybody on the way, unless {allowHttp.Name} "
            + $"is true";
}
