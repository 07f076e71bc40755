namespace Pipeline.Settings.Forms;

/// <summary>The name of a header that a request may have.</summary>
public sealed class HeaderNameForm : SettingForm<string>
{
    public override string Range => "the name of a request's header";

    public override string Expected => $"{Range}, such as x-functions-key";

    public override bool TryRead(string text, out string value)
    {
        value = text;
        using HttpRequestMessage request = new();
        return request.Headers.TryAddWithoutValidation(text, "");
    }

    public override string Show(string value) => value;
}
