using System.Buffers.Binary;
using System.Text;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Tests.Rtp;

public sealed class IpDiscoveryTests
{
    [Fact]
    public void Request_is_type_one_of_length_seventy_with_our_source()
    {
        byte[] request = [.. Enumerable.Repeat((byte)0xFF, 80)];
        IpDiscovery.WriteRequest(0x01020304, request);
        Assert.Equal("0001004601020304" + new string('0', 132), Convert.ToHexString(request.AsSpan(0, 74)));
        Assert.Equal(0xFF, request[74]);
    }

    [Theory]
    [InlineData("203.0.113.7", 50001)]
    [InlineData("2001:db8::7", 1)]
    public void Reply_gives_address_and_port(string address, ushort port)
    {
        byte[] reply = Reply(address, port);
        Assert.Equal(DatagramKind.Discovery, DatagramKinds.Classify(reply));
        Assert.True(IpDiscovery.TryReadReply(reply, out string readAddress, out ushort readPort));
        Assert.Equal(address, readAddress);
        Assert.Equal(port, readPort);
    }

    [Theory]
    [InlineData("", 5)]
    [InlineData("not an address", 5)]
    [InlineData("203.0.113.7", 0)]
    public void Reply_without_an_address_or_a_port_is_refused(string address, ushort port) =>
        Assert.False(IpDiscovery.TryReadReply(Reply(address, port), out _, out _));

    [Fact]
    public void Reply_without_an_end_of_its_address_is_refused()
    {
        byte[] reply = Reply("203.0.113.7", 5);
        reply.AsSpan(8, 64).Fill((byte)'1');
        Assert.False(IpDiscovery.TryReadReply(reply, out _, out _));
    }

    [Fact]
    public void Our_own_request_and_other_lengths_are_not_replies()
    {
        byte[] request = new byte[74];
        IpDiscovery.WriteRequest(1, request);
        Assert.False(IpDiscovery.TryReadReply(request, out _, out _));
        Assert.False(IpDiscovery.TryReadReply(Reply("203.0.113.7", 5).AsSpan(0, 73), out _, out _));
    }

    private static byte[] Reply(string address, ushort port)
    {
        byte[] reply = new byte[74];
        reply[1] = 2;
        reply[3] = 70;
        Encoding.ASCII.GetBytes(address, reply.AsSpan(8));
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(72), port);
        return reply;
    }
}
