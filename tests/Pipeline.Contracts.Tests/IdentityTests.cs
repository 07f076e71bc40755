using System.Security.Cryptography;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Pipeline.Contracts.Tests;

public sealed class IdentityTests
{
    [Fact]
    public void Ids_sort_by_the_time_they_were_made()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));
        List<string> ids = [];
        for (int i = 0; i < 100; i++)
        {
            ids.Add(RecordingId.New(clock).ToString());
            clock.Advance(TimeSpan.FromMilliseconds(1));
        }
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.All(ids, id => Assert.Equal('7', id[14]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("0198c0de000070008000000000000001")]
    [InlineData("{0198c0de-0000-7000-8000-000000000001}")]
    [InlineData("0198c0de-0000-7000-8000-00000000000g")]
    public void Other_texts_are_no_ids(string? text) => Assert.False(RecordingId.TryParse(text, out _));

    [Fact]
    public void Id_is_written_in_lower_case_however_it_came() =>
        Assert.Equal("0198c0de-0000-7000-8000-00000000000a", RecordingId.Parse("0198C0DE-0000-7000-8000-00000000000A").ToString());

    [Fact]
    public void Chain_differs_with_every_change_of_content_index_and_order()
    {
        const string One = "1B2M2Y8AsgTpgAmY7PhCfg==", Two = "CY9rzUYh03PK3k6DJie09g==";
        string[] chains =
        [
            SegmentChain.Empty,
            SegmentChain.Append(SegmentChain.Empty, 0, One),
            SegmentChain.Append(SegmentChain.Empty, 1, One),
            SegmentChain.Append(SegmentChain.Empty, 0, Two),
            SegmentChain.Append(SegmentChain.Append(SegmentChain.Empty, 0, One), 1, Two),
            SegmentChain.Append(SegmentChain.Append(SegmentChain.Empty, 0, Two), 1, One),
        ];
        Assert.Equal(chains.Length, chains.Distinct().Count());
        Assert.All(chains, chain => Assert.Equal(64, chain.Length));
        Assert.Throws<FormatException>(() => SegmentChain.Append("00", 0, One));
        Assert.Throws<FormatException>(() => SegmentChain.Append(SegmentChain.Empty, 0, "AAAA"));
    }

    [Fact]
    public void Link_is_the_hash_of_the_link_before_it_the_index_and_the_md5()
    {
        byte[] md5 = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        byte[] bytes = [.. new byte[32], 0x01, 0x02, 0x03, 0x04, .. md5];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)),
            SegmentChain.Append(SegmentChain.Empty, 0x01020304, Convert.ToBase64String(md5)));
    }

    [Fact]
    public void Samples_and_time_convert_without_drift() =>
        Gen.Long[0, 48_000L * 86_400 * 365].Sample(samples =>
            Assert.Equal(samples, SampleClock.ToSamples(SampleClock.ToTime(samples))), iter: 2_000);
}
