using System.Text;
using CsCheck;

namespace Pipeline.Contracts.Tests;

public sealed class BlobPathsTests
{
    private static readonly RecordingId Recording = RecordingId.Parse("0198c0de-0000-7000-8000-000000000001");

    private const string Awkward = "/\\. \0\ud83d\ude00é名a-_\u0301";

    [Theory]
    [InlineData("Ada", "5-Ada")]
    [InlineData("  Ada   Lovelace!! ", "5-Ada-Lovelace")]
    [InlineData("../../etc/passwd", "5-etc-passwd")]
    [InlineData("a\\b:c*d?e\"f<g>h|i", "5-a-b-c-d-e-f-g-h-i")]
    [InlineData("CON", "5-CON")]
    [InlineData("名前", "5-名前")]
    [InlineData("Zoë", "5-Zoë")]
    [InlineData("Zoe\u0308", "5-Zoe\u0308")]
    [InlineData("🎙🎧", "5")]
    [InlineData("", "5")]
    [InlineData("...", "5")]
    [InlineData("\ud800\udc00\ud800", "5-𐀀")]
    [InlineData("\ud800", "5")]
    [InlineData("a\u0000b\u0007c\u200bd", "5-a-b-c-d")]
    public void User_folder_is_readable_and_safe(string name, string folder) => Assert.Equal(folder, BlobPaths.UserFolder(5, name));

    [Fact]
    public void Emoji_of_three_hundred_bytes_between_letters_costs_one_hyphen()
    {
        string family = string.Concat(Enumerable.Repeat("👨\u200d👩\u200d👧\u200d👦", 12));
        Assert.InRange(Encoding.UTF8.GetByteCount(family), 300, 400);

        Assert.Equal("5-A-B", BlobPaths.UserFolder(5, $"A{family}B"));
    }

    [Fact]
    public void Slug_has_32_letters_and_96_bytes_at_most()
    {
        Assert.Equal(new string('a', 32), BlobPaths.Slug(new string('a', 40)));
        string three = new('名', 33); // bytes each
        Assert.Equal(three[..32], BlobPaths.Slug(three));
        string wide = string.Concat(Enumerable.Repeat("\ud800\udc00", 23)); // 4 bytes each
        Assert.Equal($"{wide}-abc", BlobPaths.Slug($"{wide} abcd"));
    }

    [Fact]
    public void Any_name_gives_a_path_that_is_short_safe_and_reads_back() =>
        Gen.Select(Names, Gen.ULong[1, ulong.MaxValue], Gen.Int[0, int.MaxValue]).Sample((name, userId, index) =>
        {
            SegmentKey key = new(Recording, userId, index);
            string path = BlobPaths.Segment(key, name);
            Assert.True(BlobPaths.TryParseSegment(path, out SegmentKey read));
            Assert.Equal(key, read);
            string folder = path.Split('/')[1];
            Assert.Equal(3, path.Split('/').Length);
            Assert.DoesNotContain("..", path, StringComparison.Ordinal);
            Assert.True(Encoding.UTF8.GetByteCount(folder) <= 20 + 1 + 96, folder);
            Assert.All(folder, c =>
                Assert.False(char.IsControl(c)
                || c is '/' or '\\' or '.' or ':' or '*' or '?' or '"' or '<' or '>' or '|' or '#' or '%' or ' '));
            // The name survives the trip through a URL, as it must on every request.
            Uri url = new($"http://127.0.0.1/a/{path}");
            Assert.Equal(path, Uri.UnescapeDataString(url.AbsolutePath)[3..]);
        }, seed: "0001PnG5zUk3", iter: 2_000);

    [Fact]
    public void Users_of_one_name_never_share_a_folder() =>
        Gen.Select(Names, Gen.ULong[1, ulong.MaxValue], Gen.ULong[1, ulong.MaxValue]).Where((_, one, other) => one != other)
            .Sample((name, one, other) =>
            BlobPaths.UserFolder(one, name) != BlobPaths.UserFolder(other, name), seed: "0001PnG5zUk3", iter: 1_000);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("segment_000.wav")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/5/segment_.wav")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/5/segment_000.ogg")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/5/part_000.wav")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/5/segment_00.wav")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/5/segment_0000.wav")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/5/segment_-01.wav")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/5/segment_000.wav/x")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/0/segment_000.wav")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/x/segment_000.wav")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/5/session.json")]
    [InlineData("0198c0de-0000-7000-8000-000000000001/5/segment_99999999999.wav")]
    [InlineData("not-a-recording/5/segment_000.wav")]
    public void Other_names_are_refused(string? name) => Assert.False(BlobPaths.TryParseSegment(name, out _));

    [Fact]
    public void Manifest_reads_back()
    {
        Assert.True(BlobPaths.TryParseManifest(BlobPaths.Manifest(Recording), out RecordingId read));
        Assert.Equal(Recording, read);
        foreach (string other in (string[])[$"{Recording}/other.json", "x/session.json", $"{Recording}/session.json/x", "session.json", ""])
            Assert.False(BlobPaths.TryParseManifest(other, out _), other);
    }

    [Fact]
    public void Shard_is_told_from_what_belongs_to_a_recording()
    {
        Assert.Equal("shards/0-4", BlobPaths.Shard("0-4"));
        Assert.True(BlobPaths.IsShard("shards/0-4"));
        Assert.False(BlobPaths.IsShard(BlobPaths.Manifest(Recording)) || BlobPaths.IsShard(null));
    }

    [Theory]
    [InlineData(0, "segment_000.wav")]
    [InlineData(999, "segment_999.wav")]
    [InlineData(1_000, "segment_1000.wav")]
    public void Index_has_three_digits_or_more(int index, string name) => Assert.Equal(name, BlobPaths.SegmentFileName(index));

    // Any UTF-16, lone surrogates and separators included, and runs of what people really write.
    private static Gen<string> Names => Gen.OneOf(
        Gen.String[Gen.Char, 0, 60],
        Gen.String[Gen.Int[0, Awkward.Length - 1].Select(index => Awkward[index]), 0, 120],
        Gen.Int[0, 0x10FFFF].Where(Rune.IsValid).List[0, 100].Select(runes =>
            string.Concat(runes.Select(rune => new Rune(rune).ToString()))));
}
