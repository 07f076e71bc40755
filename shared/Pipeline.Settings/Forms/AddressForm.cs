namespace Pipeline.Settings.Forms;

/// <summary>
/// An absolute address without query, fragment and password: those could be secrets, and what is asked there has its own.
/// </summary>
/// <param name="schemes">Which addresses it may be.</param>
/// <param name="example">A right one.</param>
public sealed class AddressForm(AddressSchemes schemes, string example) : SettingForm<Uri?>
{
    private const string Off = "off";

    /// <summary>No path: what is served there has its own.</summary>
    public bool RootOnly { get; init; }

    /// <summary>http is for this machine alone: elsewhere a browser keeps no cookie that is Secure.</summary>
    public bool HttpsElsewhere { get; init; }

    /// <summary><c>off</c> stands for no address.</summary>
    public bool MayBeOff { get; init; }

    public override string Range => $"an {Kind} address{(RootOnly ? " without a path" : "")}"
        + $"{(HttpsElsewhere ? ", http on a loopback host alone" : "")}{(MayBeOff ? ", or off" : "")}";

    public override string Expected => $"{Range}, such as {example}";

    public override bool TryRead(string text, out Uri? value)
    {
        value = null;
        if (MayBeOff && text.Equals(Off, StringComparison.OrdinalIgnoreCase)) return true;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || !IsAllowed(address)) return false;
        value = address;
        return true;
    }

    public override string Show(Uri? value) => value?.OriginalString ?? Off;

    private string Kind => schemes switch { AddressSchemes.Http => "http", AddressSchemes.Https => "https", _ => "http or https" };

    private bool IsAllowed(Uri address)
    {
        bool isHttp = address.Scheme == Uri.UriSchemeHttp && schemes != AddressSchemes.Https;
        bool isHttps = address.Scheme == Uri.UriSchemeHttps && schemes != AddressSchemes.Http;
        if ((!isHttp && !isHttps) || address.Query.Length > 0 || address.Fragment.Length > 0 || address.UserInfo.Length > 0) return false;
        return (!RootOnly || address.AbsolutePath == "/") && (!HttpsElsewhere || ClearText.IsHarmless(address));
    }
}

/// <summary>Which addresses a setting takes.</summary>
public enum AddressSchemes
{
    HttpOrHttps,
    Http,
    Https,
}
