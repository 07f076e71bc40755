using System.Runtime.InteropServices;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Rig;

/// <summary>A finished recording, every segment downloaded, verified and held to what was spoken.</summary>
internal sealed record HeardCall(RecordingDetails Recording, IReadOnlyList<HeardTrack> Tracks)
{
    private const int WavHeaderSize = 44;

    public static async Task<HeardCall> DownloadAsync(ApiReader api, RecordingDetails recording, SpokenCall call)
    {
        List<HeardTrack> tracks = [];
        for (int speaker = 0; speaker < call.Speakers; speaker++)
        {
            string userId = SpokenCall.UserId(speaker);
            double[] spoken = call.Loudness[speaker];
            double?[] heard = new double?[spoken.Length + 1000];
            int twice = 0;
            foreach (RecordingSegment segment in recording.Segments.Where(segment => segment.UserId == userId))
                twice += Place(await api.DownloadAsync(segment, CancellationToken.None), segment, recording, heard);
            tracks.Add(HeardTrack.Compare(userId, spoken, heard, twice));
        }
        return new HeardCall(recording, tracks);
    }

    private static int Place(byte[] file, RecordingSegment segment, RecordingDetails recording, double?[] heard)
    {
        double[] windows = new double[heard.Length];
        int count = segment.Format == SegmentFormat.Opus.Word() ? MeasureOpus(file, windows)
            : SpokenCall.Measure(MemoryMarshal.Cast<byte, short>(file.AsSpan(WavHeaderSize)), BitConverter.ToInt16(file, 22), windows);
        int at = (int)Math.Round((segment.AbsoluteStartTime - recording.RecordedAt.ToUnixTimeMilliseconds()) / 10.0);
        int twice = 0;
        for (int window = 0; window < count && at + window < heard.Length; window++)
        {
            if (heard[at + window] is not null) twice++;
            heard[at + window] = windows[window];
        }
        return twice;
    }

    private static int MeasureOpus(byte[] file, double[] windows)
    {
        using LibopusDecoder decoder = new(1);
        return SpokenCall.Measure(OggSegmentDecoder.Decode(file, decoder), decoder.Channels, windows);
    }
}
