using CsCheck;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Tests.Rtp;

public sealed class RtpPropertyTests
{
    private static readonly Gen<RtpPacketBuilder> Packets =
        from useXChaCha20 in Gen.Bool
        from sequence in Gen.UShort
        from timestamp in Gen.UInt
        from ssrc in Gen.UInt
        from marker in Gen.Bool
        from csrcs in Gen.UInt.Array[0, 15]
        from words in Gen.Int[-1, 8]
        from fill in Gen.Byte
        from padding in Gen.Int[0, 255]
        from payload in Gen.Byte.Array[1, 400]
        from suffix in Gen.UInt
        select new RtpPacketBuilder
        {
            UseXChaCha20 = useXChaCha20,
            SequenceNumber = sequence,
            Timestamp = timestamp,
            Ssrc = ssrc,
            Marker = marker,
            Csrcs = csrcs,
            Extension = words < 0 ? null : [.. Enumerable.Repeat(fill, 4 * words)],
            Padding = padding,
            Payload = [.. payload[..^1], (byte)(payload[^1] | 1), 1],
            Suffix = suffix,
        };

    [Fact]
    public void What_was_sealed_comes_out_whole() =>
        Packets.Sample(builder =>
        {
            byte[] datagram = builder.Build();
            using ITransportCipher cipher = Unwrapping.Cipher(builder.UseXChaCha20);
            Assert.True(RtpPacket.TryParse(datagram, out RtpPacket packet, out _));
            Assert.Equal(builder.SequenceNumber, packet.SequenceNumber);
            Assert.Equal(builder.Timestamp, packet.Timestamp);
            Assert.Equal(builder.Ssrc, packet.Ssrc);
            Assert.Equal(builder.Marker, packet.Marker);
            Assert.Equal(builder.Csrcs.Length, packet.CsrcCount);
            Assert.Equal(DropReason.None, Unwrapping.Open(datagram, cipher, out byte[] frame));
            Assert.Equal(builder.Payload, frame);
        }, seed: "0N0XIzNsQ0O2", iter: 2000);

    [Fact]
    public void Any_bytes_are_classified_and_parsed_without_an_exception() =>
        Gen.Byte.Array[0, 200].Sample(datagram =>
        {
            DatagramKind kind = DatagramKinds.Classify(datagram);
            bool parsed = RtpPacket.TryParse(datagram, out RtpPacket packet, out DropReason reason);
            Assert.Equal(parsed, reason == DropReason.None);
            if (parsed) Assert.Equal(datagram.Length, packet.Header.Length + packet.Sealed.Length + packet.NonceSuffix.Length);
            if (kind == DatagramKind.TooShort) Assert.True(datagram.Length < DatagramKinds.SmallestPacket);
            IpDiscovery.TryReadReply(datagram, out _, out _);
        }, seed: "0N0XIzNsQ0O2", iter: 20_000);

    [Fact]
    public void Any_plaintext_is_unwrapped_to_a_part_of_itself_or_refused() =>
        Gen.Select(Gen.Byte.Array[0, 80], Gen.Bool, Gen.Int[0, 30]).Sample((plaintext, hasPadding, words) =>
        {
            RtpPacketBuilder builder = new() { Payload = plaintext, Extension = words == 0 ? null : [], ClaimedWords = (ushort)words };
            byte[] datagram = builder.Build();
            if (hasPadding) datagram[0] |= 0x20;
            Assert.True(RtpPacket.TryParse(datagram, out RtpPacket packet, out _));
            DropReason reason = RtpPayload.Unwrap(packet, plaintext, out ReadOnlySpan<byte> frame);
            Assert.Equal(reason == DropReason.None, !frame.IsEmpty);
            if (!frame.IsEmpty) Assert.True(plaintext.AsSpan().Overlaps(frame));
        }, seed: "0N0XIzNsQ0O2", iter: 5000);

    [Fact]
    public void Damaged_packets_are_never_taken_for_authentic_and_good_ones_pass_between_them() =>
        Gen.Select(Packets, Gen.Int[0, 10_000], Gen.Byte[1, 255]).Sample((builder, position, flip) =>
        {
            using ITransportCipher cipher = Unwrapping.Cipher(builder.UseXChaCha20);
            byte[] datagram = builder.Build();
            byte[] damaged = [.. datagram];
            damaged[position % damaged.Length] ^= flip;
            for (int round = 0; round < 3; round++)
            {
                Assert.NotEqual(DropReason.None, Unwrapping.Open(damaged, cipher, out _));
                Assert.Equal(DropReason.None, Unwrapping.Open(datagram, cipher, out byte[] frame));
                Assert.Equal(builder.Payload, frame);
            }
        }, seed: "0N0XIzNsQ0O2", iter: 1000);
}
