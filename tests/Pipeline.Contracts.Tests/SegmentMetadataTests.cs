using System.Text;
using Pipeline.Contracts;

namespace Pipeline.Contracts.Tests;

public sealed class SegmentMetadataTests
{
    private const string Family = "👨‍👩‍👧‍👦";

    [Theory]
    [InlineData("Ada")]
    [InlineData("Zoë \"<&>\" \\ 名前\u0001")]
    [InlineData("\ud800 lone surrogate")]
    public void Message_survives_as_ascii(string name)
    {
        SegmentReady message = Message(name, "A guild", "A title");

        string value = SegmentMetadata.Write(message);

        Assert.True(Ascii.IsValid(value));
        Assert.True(SegmentMetadata.TryRead(value, out SegmentReady? read));
        Assert.Equal(name.Replace('\ud800', '\ufffd'), read.Username);
        Assert.Equal(message.Session, read.Session);
        Assert.Equal(message.Key, read.Key);
    }

    [Fact]
    public void Hundred_emoji_in_every_name_fit_whole()
    {
        string name = string.Concat(Enumerable.Repeat("🎙", 100));

        string value = SegmentMetadata.Write(Message(name, name, name));

        Assert.InRange(value.Length, 1, SegmentMetadata.MaximumLength);
        Assert.True(SegmentMetadata.TryRead(value, out SegmentReady? read));
        Assert.Equal(name, read.Username);
        Assert.Equal(name, read.Session.Title);
    }

    [Fact]
    public void Hundred_joined_emoji_in_every_name_are_shortened_to_the_limit()
    {
        string name = string.Concat(Enumerable.Repeat(Family, 100));

        string value = SegmentMetadata.Write(Message(name, name, name));

        Assert.InRange(value.Length, 1, SegmentMetadata.MaximumLength);
        Assert.True(SegmentMetadata.TryRead(value, out SegmentReady? read));
        string first = string.Concat(name.EnumerateRunes().Take(100));
        Assert.Equal((first, first, null), (read.Username, read.Session.GuildName, read.Session.Title));
    }

    [Fact]
    public void Title_and_losses_go_before_any_name_is_cut_and_nothing_goes_from_what_just_fits()
    {
        string guild = new('g', 150);
        SegmentReady message = Message("Ada", guild, new string('t', 6_000)) with { Lost = [new LostStretch(1, 2)] };
        Assert.True(SegmentMetadata.TryRead(SegmentMetadata.Write(message), out SegmentReady? read));
        Assert.Equal((guild, null, null), (read.Session.GuildName, read.Session.Title, read.Lost));

        // Base64 has four characters for three bytes.
        SegmentReady Titled(int length) => message with { Lost = null, Session = message.Session with { Title = new string('t', length) } };
        int rest = (SegmentMetadata.MaximumLength / 4 * 3) - Convert.FromBase64String(SegmentMetadata.Write(Titled(1_000))).Length;
        string whole = SegmentMetadata.Write(Titled(1_000 + rest));
        Assert.Equal(SegmentMetadata.MaximumLength, whole.Length);
        Assert.True(SegmentMetadata.TryRead(whole, out read));
        Assert.Equal(1_000 + rest, read.Session.Title!.Length);
        Assert.True(SegmentMetadata.TryRead(SegmentMetadata.Write(Titled(1_001 + rest)), out read));
        Assert.Null(read.Session.Title);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("no base64!")]
    [InlineData("e30=")]
    [InlineData("bnVsbA==")]
    public void Anything_else_is_refused(string? value) => Assert.False(SegmentMetadata.TryRead(value, out _));

    private static SegmentReady Message(string username, string guild, string title) => new()
    {
        Session = new SessionInfo
        {
            RecordingId = RecordingId.Parse("0198c0de-0000-7000-8000-000000000001"),
            GuildId = ulong.MaxValue,
            GuildName = guild,
            ChannelId = ulong.MaxValue,
            StartedBy = ulong.MaxValue,
            StartedAt = DateTimeOffset.UnixEpoch,
            Title = title,
        },
        UserId = ulong.MaxValue,
        Username = username,
        SegmentIndex = int.MaxValue,
        BlobName = BlobPaths.Segment(new SegmentKey(RecordingId.Parse("0198c0de-0000-7000-8000-000000000001"), ulong.MaxValue, 7),
            username),
        FileSize = long.MaxValue,
        ContentMd5 = Convert.ToBase64String(new byte[16]),
        StartSample = long.MaxValue,
        SampleCount = 480_000,
        Channels = 2,
        ClosedAt = DateTimeOffset.UnixEpoch,
    };
}
