using Pipeline.Settings.Known;

namespace Pipeline.Settings.Tests;

public sealed class ClearTextTests
{
    [Theory]
    [InlineData("https://api.example.org/", "false", true)]
    [InlineData("http://127.0.0.1:7071/", "false", true)]
    [InlineData("http://localhost:7071/", "false", true)]
    [InlineData("https://127.0.0.1/", "false", true)]
    [InlineData("http://api.example.org/", "false", false)]
    [InlineData("http://api.example.org/", "true", true)]
    public void Secret_goes_over_https_or_within_this_machine_unless_somebody_allows_more(string address, string allowed, bool isTaken)
    {
        SettingReader reader = new(Values.Of((ApiSettings.BaseUrl.Name, address), (ApiSettings.AllowHttp.Name, allowed)));
        Uri? read = ClearText.ReadAddress(reader, ApiSettings.BaseUrl, ApiSettings.AllowHttp);
        Assert.Equal(isTaken ? address : null, read?.OriginalString);
        Assert.Equal(isTaken ? 0 : 1, reader.Problems.Count);
        if (!isTaken) Assert.Contains(ApiSettings.AllowHttp.Name, reader.Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Address_that_nobody_gave_is_no_problem()
    {
        SettingReader reader = new(Values.Of());
        Assert.Null(ClearText.ReadAddress(reader, ApiSettings.BaseUrl, ApiSettings.AllowHttp));
        Assert.Empty(reader.Problems);
    }

    [Theory]
    [InlineData("ftp://ada:secret@host/x?sig=1", "ftp://…@host/x?…")]
    [InlineData("ftp://host/x?a=b@c", "ftp://host/x?…")]
    [InlineData("?sig=1", "?…")]
    [InlineData("://ada:secret@host", "://…@host")]
    [InlineData("ada@host", "ada@host")] // no address, so no password stands there
    public void Wrong_value_is_shown_without_what_may_be_secret(string value, string shown)
    {
        SettingReader reader = new(Values.Of((ApiSettings.BaseUrl.Name, value)));
        reader.Read(ApiSettings.BaseUrl);
        Assert.Contains($"'{shown}'", Assert.Single(reader.Problems).ToString(), StringComparison.Ordinal);
    }
}
