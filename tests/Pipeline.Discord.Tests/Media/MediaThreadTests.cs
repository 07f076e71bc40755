using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Tests.Rtp;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Media;

public sealed class MediaThreadTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket server = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly TransportKey transportKey = new(TransportKey.AesGcmMode, new RtpPacketBuilder().TransportKey);
    private readonly AudioFrameRing ring = new();

    public MediaThreadTests() => server.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public void Dispose()
    {
        server.Dispose();
        transportKey.Dispose();
    }

    [Fact]
    public async Task Datagrams_of_the_server_reach_the_ring_in_order_with_their_arrival_time()
    {
        using MediaThread media = Open(out EndPoint client);
        long before = TimeProvider.System.GetTimestamp();
        for (ushort i = 0; i < 500; i++) server.SendTo(new RtpPacketBuilder { SequenceNumber = i, Payload = [0x78, 1] }.Build(), client);
        List<ReadFrame> frames = await DrainAsync(500);
        Assert.Equal(Enumerable.Range(0, 500), frames.Select(frame => (int)frame.SequenceNumber));
        Assert.All(frames, frame =>
            Assert.InRange(frame.ReceivedAt, before - TimeProvider.System.TimestampFrequency / 100, TimeProvider.System.GetTimestamp()));
    }

    [Fact]
    public async Task Recording_that_is_late_finds_everything_later()
    {
        AudioFrameRing small = new(32 * 1024);
        using MediaThread media = Open(out EndPoint client, into: small);
        byte[] speech = [.. Enumerable.Repeat((byte)0x78, 60)];
        for (ushort i = 0; i < 1000; i++)
        {
            server.SendTo(new RtpPacketBuilder { SequenceNumber = i, Payload = speech }.Build(), client);
            // From its first packet on the kernel is known to tell arrivals.
            if (i == 100) await UntilAsync(() => media.Counters.Audio > 50);
        }
        await UntilAsync(() => small.IsNearlyFull);
        List<ReadFrame> frames = [];
        await UntilAsync(() =>
        {
            frames.AddRange(ReadFrame.DrainAll(small));
            return frames.Count == 1000;
        });
        Assert.Equal(Enumerable.Range(0, 1000), frames.Select(frame => (int)frame.SequenceNumber));
        Assert.Equal((0L, 0L), (small.Dropped, media.KernelDrops));
    }

    [Fact]
    public async Task What_waited_for_its_user_is_delivered_without_another_packet()
    {
        using MediaThread media = Open(out EndPoint client, known: false);
        server.SendTo(new RtpPacketBuilder { Payload = [0x78, 1] }.Build(), client);
        await UntilAsync(() => media.Counters.Audio == 1);
        media.Publish(Snapshot(known: true));
        Assert.Equal(1ul, Assert.Single(await DrainAsync(1)).UserId);
    }

    /// <summary>It may have been asked to end before it has looked at what was published last.</summary>
    [Fact]
    public async Task What_still_waits_at_the_end_is_delivered_by_what_was_published_last()
    {
        MediaThread media = Open(out EndPoint client, known: false);
        server.SendTo(new RtpPacketBuilder { Payload = [0x78, 1] }.Build(), client);
        await UntilAsync(() => media.Counters.Audio == 1);
        media.Publish(Snapshot(known: true));
        media.Dispose();
        Assert.Equal(1ul, Assert.Single(ReadFrame.DrainAll(ring)).UserId);
    }

    [Fact]
    public async Task Datagrams_of_strangers_never_arrive()
    {
        using MediaThread media = Open(out EndPoint client);
        using Socket stranger = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        stranger.SendTo(new RtpPacketBuilder().Build(), client);
        server.SendTo(new RtpPacketBuilder { SequenceNumber = 7 }.Build(), client);
        Assert.Equal(7, Assert.Single(await DrainAsync(1)).SequenceNumber);
        Assert.Equal(1, media.Counters.Datagrams);
    }

    [Fact]
    public async Task Datagram_longer_than_the_buffer_is_counted_as_too_long()
    {
        using MediaThread media = Open(out EndPoint client);
        server.SendTo(new byte[MediaPath.MaxDatagramLength + 100], client);
        server.SendTo(new RtpPacketBuilder().Build(), client);
        await DrainAsync(1);
        Assert.Equal(1, media.Counters.Read(DropReason.TooLong));
    }

    [Fact]
    public void Receive_buffer_holds_at_least_a_mebibyte_where_the_kernel_allows_it()
    {
        using MediaThread media = Open(out _);
        string limit = "/proc/sys/net/core/rmem_max";
        int allowed = File.Exists(limit) ? int.Parse(File.ReadAllText(limit)) : 1024 * 1024;
        Assert.True(media.GrantedReceiveBuffer >= Math.Min(1024 * 1024, allowed),
            $"granted {media.GrantedReceiveBuffer}, allowed {allowed}");
    }

    [Fact]
    public async Task Kernel_drops_are_counted_where_the_kernel_tells()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SO_RXQ_OVFL is Linux's");
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4096 };
        socket.Connect(server.LocalEndPoint!);
        using BatchDatagramSource source = Assert.IsType<BatchDatagramSource>(BatchDatagramSource.TryCreate(socket, TimeProvider.System));
        int sent = 0, received = 0;
        for (int burst = 1; burst <= 2; burst++) // the kernel tells a sum, of which the second burst is a part
        {
            for (int i = 0; i < 400; i++) server.SendTo(new byte[1000], socket.LocalEndPoint!);
            for (int count = source.Receive(); count > 0; count = source.Receive()) received += count;
            server.SendTo(new byte[100], socket.LocalEndPoint!);
            await UntilAsync(() => source.Receive() == 1);
            sent += 400;
            Assert.InRange(received, burst, sent - burst);
            Assert.Equal(sent - received, source.KernelDrops);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Both_sources_read_the_same_datagrams(bool batch)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(server.LocalEndPoint!);
        using IDatagramSource source = (batch ? BatchDatagramSource.TryCreate(socket, TimeProvider.System) : null)
            ?? (IDatagramSource)new SocketDatagramSource(socket);
        DateTimeOffset before = TimeProvider.System.GetUtcNow();
        for (int length = 0; length <= 1400; length += 100)
            server.SendTo(Enumerable.Repeat((byte)(length / 100), length).ToArray(), socket.LocalEndPoint!);
        List<byte[]> read = [];
        LoopLimit limit = new("all 15 datagrams are read");
        while (read.Count < 15)
        {
            limit.Turn();
            int count = source.Receive();
            for (int i = 0; i < count; i++)
            {
                read.Add(source[i].ToArray());
                Assert.InRange(source.Waited(i), TimeSpan.Zero, TimeProvider.System.GetUtcNow() - before);
            }
        }
        for (int i = 0; i < 15; i++) Assert.Equal(Enumerable.Repeat((byte)i, i * 100), read[i]);
    }

    /// <summary>This process was stopped: what lies in the kernel is old, and came when it came.</summary>
    [Fact]
    public void What_lay_in_the_kernel_for_long_is_as_old_as_it_is_and_keeps_its_order()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SO_TIMESTAMPNS is Linux's");
        FakeTimeProvider clock = new();
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(server.LocalEndPoint!);
        using BatchDatagramSource source = Assert.IsType<BatchDatagramSource>(BatchDatagramSource.TryCreate(socket, clock));
        DateTimeOffset before = TimeProvider.System.GetUtcNow();
        server.SendTo([1], socket.LocalEndPoint!);
        DateTimeOffset between = TimeProvider.System.GetUtcNow();
        server.SendTo([2], socket.LocalEndPoint!);
        clock.SetUtcNow(between + TimeSpan.FromSeconds(30));
        Assert.Equal(2, source.Receive());
        Assert.InRange(source.Waited(0), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30) + (between - before));
        Assert.InRange(source.Waited(1), TimeSpan.FromSeconds(10), source.Waited(0));

        // The first is older than can be: it came no later than the one behind it.
        server.SendTo([1], socket.LocalEndPoint!);
        between = TimeProvider.System.GetUtcNow();
        server.SendTo([2], socket.LocalEndPoint!);
        clock.SetUtcNow(between + TimeSpan.FromSeconds(60));
        Assert.Equal(2, source.Receive());
        Assert.InRange(source.Waited(1), TimeSpan.FromSeconds(10), source.Waited(0));
    }

    private MediaThread Open(out EndPoint client, bool known = true, AudioFrameRing? into = null)
    {
        TaskCompletionSource<Exception> failure = new();
        MediaThread media = new((IPEndPoint)server.LocalEndPoint!, into ?? ring, Snapshot(known),
            new MediaThreadEvents(_ => { }, _ => { }, failure.SetResult), TimeProvider.System);
        media.Start();
        Assert.True(media.TrySend([0]));
        byte[] hello = new byte[8];
        client = new IPEndPoint(IPAddress.Any, 0);
        server.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        server.ReceiveFrom(hello, ref client);
        return media;
    }

    private MediaSnapshot Snapshot(bool known) => new(99, transportKey, known ? new Dictionary<uint, ulong> { [9876] = 1 } : []);

    private async Task<List<ReadFrame>> DrainAsync(int count)
    {
        List<ReadFrame> frames = [];
        await UntilAsync(() =>
        {
            frames.AddRange(ReadFrame.DrainAll(ring));
            return frames.Count >= count;
        });
        return frames;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, "waited too long");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
