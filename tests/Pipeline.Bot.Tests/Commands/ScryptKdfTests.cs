using System.Text;
using Pipeline.Bot.Commands;

namespace Pipeline.Bot.Tests.Commands;

public sealed class ScryptKdfTests
{
    /// <summary>RFC 7914 §12, second vector.</summary>
    [Fact]
    public void Derives_what_the_standard_says() => Assert.Equal(
        "FDBABE1C9D3472007856E7190D01E9FE7C6AD7CBC8237830E77376634B3731622EAF30D92E22A3886FF109279D9830DAC727AFB94A83EE6D8360CBDFA2CC0640",
        Convert.ToHexString(ScryptKdf.Derive(Encoding.ASCII.GetBytes("password"), Encoding.ASCII.GetBytes("NaCl"), 1024, 8, 16, 64)));
}
