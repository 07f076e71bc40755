using Pipeline.Settings.Forms;
using Pipeline.Settings.Known;

namespace Pipeline.Settings.Tests.Forms;

public sealed class FormTests
{
    private const long Megabyte = 1 << 20;

    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("4096MB", 4096)]
    [InlineData("4096 MB", 4096)]
    [InlineData("4096 mib", 4096)]
    [InlineData("4GB", 4096)]
    [InlineData("0.5 GB", 512)]
    public void Size_is_read_with_and_without_unit(string text, long megabytes)
    {
        Assert.True(new SizeForm(16, 1_000_000).TryRead(text, out long bytes));
        Assert.Equal(megabytes * Megabyte, bytes);
    }

    [Theory]
    [InlineData("1TB")]
    [InlineData("1 TiB")]
    [InlineData("1024 gib")]
    public void Size_may_be_terabytes(string text)
    {
        Assert.True(new SizeForm(16, 2_000_000).TryRead(text, out long bytes));
        Assert.Equal(1_048_576 * Megabyte, bytes);
        Assert.Equal("1048576 MB", new SizeForm(16, 2_000_000).Show(bytes));
    }

    [Fact]
    public void Text_is_one_line_and_what_else_is_asked_of_it()
    {
        Assert.True(new TextForm("a folder").TryRead("a folder", out string? text));
        Assert.Equal("a folder", text);
        Assert.False(new TextForm("a folder").TryRead("a\nfolder", out _));
        TextForm longWord = new("a long word", word => word.Length > 3);
        Assert.True(longWord.TryRead("long", out _));
        Assert.False(longWord.TryRead("not", out _) || longWord.TryRead("lo\tng", out _));
    }

    [Theory]
    [InlineData("15")]
    [InlineData("1TB")]
    [InlineData("4096 bytes")]
    [InlineData("-1")]
    [InlineData("")]
    [InlineData("99999999999999999999999999 TB")]
    public void Size_out_of_its_range_or_in_another_unit_is_refused(string text) =>
        Assert.False(new SizeForm(16, 1_000_000).TryRead(text, out _));

    [Theory]
    [InlineData("true", true)]
    [InlineData("Yes", true)]
    [InlineData("ON", true)]
    [InlineData("1", true)]
    [InlineData("false", false)]
    [InlineData("no", false)]
    [InlineData("off", false)]
    [InlineData("0", false)]
    public void Switch_is_read_in_any_case(string text, bool expected)
    {
        Assert.True(new SwitchForm().TryRead(text, out bool value));
        Assert.Equal(expected, value);
        Assert.False(new SwitchForm().TryRead("maybe", out _));
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://127.0.0.1:8080/", true)]
    [InlineData("off", true)]
    [InlineData("https://127.0.0.1:8080", false)]
    [InlineData("http://127.0.0.1:8080/metrics", false)]
    [InlineData("127.0.0.1:8080", false)]
    [InlineData("http://127.0.0.1?code=secret", false)]
    [InlineData("http://127.0.0.1/#part", false)]
    [InlineData("http://name:word@127.0.0.1", false)]
    public void Address_to_listen_on_is_plain_http_without_a_path(string text, bool isRight) =>
        Assert.Equal(isRight,
            new AddressForm(AddressSchemes.Http, "http://127.0.0.1:8080") { RootOnly = true, MayBeOff = true }.TryRead(text, out _));

    // The cookie behind a link is Secure but on loopback: elsewhere nothing opens over http.
    [Theory]
    [InlineData("https://rec.example.org", true)]
    [InlineData("http://127.0.0.1:7071", true)]
    [InlineData("http://[::1]:7071", true)]
    [InlineData("http://localhost:7071", true)]
    [InlineData("http://192.168.1.5:7071", false)]
    [InlineData("http://rec.example.org", false)]
    [InlineData("https://rec.example.org/here", false)]
    public void Address_of_pages_is_https_or_on_a_loopback_host(string text, bool isRight)
    {
        SettingForm<Uri?> form = FunctionsSettings.PublicBaseUrl.Form;
        Assert.Equal(isRight, form.TryRead(text, out _));
        Assert.Contains("http on a loopback host alone", form.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Off_is_an_address_only_where_nothing_may_be_served() =>
        Assert.False(new AddressForm(AddressSchemes.HttpOrHttps, "http://a").TryRead("off", out _));

    [Fact]
    public void Address_with_tokens_is_https()
    {
        AddressForm form = new(AddressSchemes.Https, "https://account.blob.core.windows.net");
        Assert.True(form.TryRead("https://a.blob.core.windows.net/", out Uri? address));
        Assert.Equal("a.blob.core.windows.net", address!.Host);
        Assert.False(form.TryRead("http://a.blob.core.windows.net", out _));
        Assert.Equal("an https address, such as https://account.blob.core.windows.net", form.Expected);
    }

    [Fact]
    public void Word_has_the_spelling_of_the_list()
    {
        WordForm form = new("managedidentity", "default");
        Assert.True(form.TryRead("ManagedIdentity", out string? word));
        Assert.Equal("managedidentity", word);
        Assert.False(form.TryRead("managedidentty", out _));
    }

    [Theory]
    [InlineData("1/4", true)]
    [InlineData("0/1", true)]
    [InlineData("4/4", false)]
    [InlineData("1", false)]
    [InlineData("-1/2", false)]
    public void Shard_counts_from_zero(string text, bool isRight) => Assert.Equal(isRight, new ShardForm().TryRead(text, out _));

    [Theory]
    [InlineData("123", true)]
    [InlineData("my server", false)]
    [InlineData("0", false)]
    [InlineData("+1", false)]
    [InlineData("123\0", false)]
    public void Id_is_digits(string text, bool isRight) => Assert.Equal(isRight, new IdForm("a server").TryRead(text, out _));

    [Theory]
    [InlineData("x-functions-key", true)]
    [InlineData("x key", false)]
    [InlineData("Content-Type", false)]
    public void Header_name_is_one_that_a_request_may_have(string text, bool isRight) =>
        Assert.Equal(isRight, new HeaderNameForm().TryRead(text, out _));

    [Theory]
    [InlineData("MTIz.abc-_.Zm9v", true)]
    [InlineData("ünï", false)]
    [InlineData("\u201ctoken\u201d", false)]
    [InlineData("line\n", false)]
    [InlineData(" key", false)]
    [InlineData("two\u00a0words", false)]
    public void Secret_is_what_a_header_can_carry(string text, bool isRight) =>
        Assert.Equal(isRight, new SecretForm("a key").TryRead(text, out _));

    [Fact]
    public void Secret_of_one_word_has_no_blank()
    {
        Assert.True(new SecretForm("a key").TryRead("open sesame", out _));
        Assert.False(new SecretForm("a token", isOneWord: true).TryRead("Bot MTIz", out _));
    }

    [Theory]
    [InlineData("https://rec.example.org/r/{id}", true)]
    [InlineData("http://127.0.0.1:8080/?recording={id}", true)]
    [InlineData("https://rec.example.org/r", false)]
    [InlineData("javascript:alert({id})", false)]
    [InlineData("%%nonsense", false)]
    public void Page_is_a_web_address_with_the_recording_in_it(string text, bool isRight) =>
        Assert.Equal(isRight, ApiSettings.PageUrl.Form.TryRead(text, out _));

    [Theory]
    [InlineData("https://app.example.org", true)]
    [InlineData("https://app.example.org; http://localhost:3000/", true)]
    [InlineData("https://App.example.org:443", true)]
    [InlineData("https://app.example.org/path", false)]
    [InlineData("https://app.example.org/?query", false)]
    [InlineData("https://app.example.org/#part", false)]
    [InlineData("https://me@app.example.org", false)]
    [InlineData("https://app.example.org;*", false)]
    [InlineData("app.example.org", false)]
    public void Origins_are_scheme_name_and_port(string text, bool isRight) =>
        Assert.Equal(isRight, FunctionsSettings.CorsOrigins.Form.TryRead(text, out _));
}
