using System.Security.Cryptography;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Spool;

public sealed class PreparedSegmentTests : IDisposable
{
    private static readonly DateTimeOffset Closed = new(2026, 11, 22, 12, 0, 10, TimeSpan.Zero);
    private readonly TempFolder track = new();

    public void Dispose() => track.Dispose();

    [Theory]
    [InlineData(1, 46, 1)]
    [InlineData(1, 44 + 960, 480)]
    [InlineData(2, 48, 1)]
    [InlineData(2, 44 + 960, 240)]
    public async Task Whole_file_is_announced_as_it_lies_there(int channels, int bytes, long samples)
    {
        SpooledSegment file = Put(SpoolSession.Sidecar(start: 0, channels: channels), bytes);

        PreparedSegment prepared = await PreparedSegment.ReadAsync(file, TestContext.Current.CancellationToken);

        SegmentReady message = prepared.Message;
        Assert.Equal((SpoolSession.Ada, "Ada", 0), (message.UserId, message.Username, message.SegmentIndex));
        Assert.Equal((0L, samples, channels, (long)bytes), (message.StartSample, message.SampleCount, message.Channels, message.FileSize));
        Assert.Equal((SpoolSession.Info, Closed, null), (message.Session, message.ClosedAt, message.Lost));
        byte[] content = await File.ReadAllBytesAsync(file.AudioPath, TestContext.Current.CancellationToken);
        Assert.Equal(Md5Of(content), message.ContentMd5);
        await using FileStream opened = prepared.OpenFile();
        Assert.Equal(bytes, opened.Length);
        Assert.Equal(new ClosedSegment(file.Key, "Ada", file.AudioPath, file.SidecarPath, 0, samples, channels, bytes),
            PreparedSegment.Describe(file));
    }

    public static TheoryData<string, int, string> Unfit => new()
    {
        { "only a header", 44, Json(SpoolSession.Sidecar()) },
        { "half a sample", 44 + 961, Json(SpoolSession.Sidecar()) },
        { "half a pair of samples", 44 + 962, Json(SpoolSession.Sidecar(channels: 2)) },
        { "shorter than a header", 10, Json(SpoolSession.Sidecar()) },
        { "another index", 44 + 960, Json(SpoolSession.Sidecar(index: 1)) },
        { "another speaker", 44 + 960, Json(SpoolSession.Sidecar() with { UserId = 8 }) },
        { "no channel", 44 + 960, Json(SpoolSession.Sidecar(channels: 0)) },
        { "three channels", 44 + 960, Json(SpoolSession.Sidecar(channels: 3)) },
        { "before the start", 44 + 960, Json(SpoolSession.Sidecar(start: -1)) },
        { "a torn sidecar", 44 + 960, "{\"version\":1" },
        { "a sidecar of nothing", 44 + 960, "null" },
        { "no sidecar", 44 + 960, "" },
    };

    [Theory]
    [MemberData(nameof(Unfit))]
    public async Task Unfit_pair_is_refused_and_not_described(string why, int bytes, string sidecar)
    {
        SpooledSegment file = Put(SpoolSession.Sidecar(), bytes);
        if (sidecar.Length == 0) File.Delete(file.SidecarPath);
        else await File.WriteAllTextAsync(file.SidecarPath, sidecar, TestContext.Current.CancellationToken);

        InvalidDataException refused = await Assert.ThrowsAsync<InvalidDataException>(() =>
            PreparedSegment.ReadAsync(file, TestContext.Current.CancellationToken));

        Assert.True(refused.Message.Length > 0, why);
        Assert.Null(PreparedSegment.Describe(file));
    }

    [Fact]
    public async Task Opus_file_says_how_long_it_is_and_what_is_missing_in_it()
    {
        using SegmentWriter writer = SegmentWriter.Open(track.Path, SpoolSession.Sidecar(), new OpusAudio(), continues: false);
        writer.Write(FrameAudio.OfPacket([0x08, 1, 2, 3], 960));
        writer.Write(FrameAudio.OfLoss(1920));
        writer.Write(FrameAudio.OfPacket([0x08, 1, 2, 3], 960));
        Assert.Equal([new LostStretch(960, 1920)], await ReadLost(writer.Close("Ada"), samples: 3840));
    }

    [Fact]
    public async Task Opus_file_without_a_loss_announces_none_and_one_without_audio_is_refused()
    {
        using SegmentWriter writer = SegmentWriter.Open(track.Path, SpoolSession.Sidecar(), new OpusAudio(), continues: false);
        writer.Write(FrameAudio.OfPacket([0x08, 1, 2, 3], 960));
        Assert.Null(await ReadLost(writer.Close("Ada"), samples: 960));

        using SegmentWriter second = SegmentWriter.Open(track.Path, SpoolSession.Sidecar(index: 1), new OpusAudio(), continues: false);
        SpooledSegment nothing = Spooled(second.Close("Ada"));
        await Assert.ThrowsAsync<InvalidDataException>(() => PreparedSegment.ReadAsync(nothing, TestContext.Current.CancellationToken));
    }

    private static async Task<IReadOnlyList<LostStretch>?> ReadLost(ClosedSegment closed, long samples)
    {
        PreparedSegment prepared = await PreparedSegment.ReadAsync(Spooled(closed), TestContext.Current.CancellationToken);
        Assert.Equal(samples, prepared.Message.SampleCount);
        return prepared.Message.Lost;
    }

    private static SpooledSegment Spooled(ClosedSegment closed) => new(closed.Key, closed.AudioPath, closed.FileSize, Closed);

    private static string Json(SegmentSidecar sidecar) =>
        System.Text.Json.JsonSerializer.Serialize(sidecar, CaptureJsonContext.Default.SegmentSidecar);

    // What Content-MD5 is.
#pragma warning disable CA5351
    private static string Md5Of(byte[] content) => Convert.ToBase64String(MD5.HashData(content));
#pragma warning restore CA5351

    private SpooledSegment Put(SegmentSidecar sidecar, int bytes)
    {
        SpooledSegment file = new(SpoolSession.Sidecar().Key, track.Combine("000000.wav"), bytes, Closed);
        byte[] content = new byte[bytes];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(file.AudioPath, content);
        SpoolFiles.WriteSidecar(file.SidecarPath, sidecar);
        return file;
    }
}
