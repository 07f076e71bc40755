using CsCheck;
using Pipeline.Mls.Tests.Group;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Wire;

public sealed class TlsTests
{
    [Theory]
    [InlineData("00", 0)]
    [InlineData("3f", 63)]
    [InlineData("4040", 64)]
    [InlineData("7fff", 16383)]
    [InlineData("80004000", 16384)]
    [InlineData("bfffffff", 1073741823)]
    public void Lengths_read_at_the_borders(string hex, int length)
    {
        TlsReader reader = new(Convert.FromHexString(hex));
        Assert.Equal(length, reader.ReadLength());
        reader.ExpectEnd();
    }

    [Theory]
    [InlineData("4000")]
    [InlineData("403f")]
    [InlineData("80000000")]
    [InlineData("80003fff")]
    [InlineData("c000000000000000")]
    [InlineData("ff")]
    [InlineData("40")]
    [InlineData("800040")]
    [InlineData("")]
    public void Lengths_that_are_not_minimal_not_defined_or_cut_are_refused(string hex) => Refused.With(
        MlsError.Malformed, () => new TlsReader(Convert.FromHexString(hex)).ReadLength());

    [Fact]
    public void Vectors_beyond_the_buffer_are_refused_without_allocating_them() => Refused.With(
        MlsError.Malformed, () => new TlsReader([0xbf, 0xff, 0xff, 0xff, 1]).ReadVector());

    [Fact]
    public void What_is_written_is_read_back() => Gen.Select(
        Gen.Byte.Array[0, 70], Gen.Byte.Array[16_380, 16_390], Gen.UShort.List[0, 100], Gen.ULong).Sample((small, large, list, number) =>
    {
        using TlsWriter writer = new(1);
        writer.WriteVector(small);
        int start = writer.BeginVector();
        writer.WriteVector(large);
        writer.WriteUInt64(number);
        writer.EndVector(start);
        writer.WriteUInt16List(list);
        TlsReader reader = new(writer.Written);
        Assert.Equal(small, reader.ReadVector());
        TlsReader nested = reader.ReadNested();
        Assert.Equal(large, nested.ReadVector());
        Assert.Equal(number, nested.ReadUInt64());
        nested.ExpectEnd();
        Assert.Equal(list, reader.ReadUInt16List());
        reader.ExpectEnd();
    }, seed: "0N0XIzNsQ0O2", iter: 300);

    [Fact]
    public void Presence_is_zero_or_one() => Refused.With(MlsError.Malformed, () => new TlsReader([2]).ReadPresence());

    [Fact]
    public void Left_over_bytes_are_named() => Refused.With(MlsError.TrailingBytes, () => new TlsReader([0]).ExpectEnd());

    [Fact]
    public void A_disposed_writer_holds_nothing()
    {
        TlsWriter writer = new();
        writer.WriteBytes([1, 2, 3]);
        writer.Dispose();
        Assert.Equal(new byte[3], writer.Written);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(63, 1)]
    [InlineData(64, 2)]
    [InlineData(16_383, 2)]
    [InlineData(16_384, 4)]
    public void Lengths_are_written_in_the_smallest_size(int length, int size)
    {
        using TlsWriter known = new(), open = new();
        known.WriteVector(new byte[length]);
        int start = open.BeginVector();
        open.WriteBytes(new byte[length]);
        open.EndVector(start);
        Assert.Equal(size + length, known.Length);
        Assert.Equal(known.ToArray(), open.ToArray());
    }

    [Fact]
    public void Lists_hold_4096_entries_and_messages_two_megabytes()
    {
        using TlsWriter full = new(), beyond = new();
        full.WriteUInt16List(new ushort[4096]);
        beyond.WriteUInt16List(new ushort[4097]);
        byte[] good = full.ToArray(), bad = beyond.ToArray();
        static int Count(byte[] list)
        {
            TlsReader reader = new(list);
            return reader.ReadUInt16List().Count;
        }
        Assert.Equal(4096, Count(good));
        Refused.With(MlsError.TooLarge, () => Count(bad));
        MlsLimits.CheckMessage(new byte[2_097_152]);
        Refused.With(MlsError.TooLarge, () => MlsLimits.CheckMessage(new byte[2_097_153]));
    }

    [Fact]
    public void Bytes_up_to_the_end_are_read_and_none_beyond()
    {
        TlsReader reader = new([2, 7, 8]);
        Assert.Equal(new byte[] { 7, 8 }, reader.ReadVector(2));
        Assert.Equal((3, 0, true), (reader.Position, reader.Remaining, reader.IsAtEnd));
        Refused.With(MlsError.Malformed, () => new TlsReader([2, 7, 8]).ReadVector(1));
        Refused.With(MlsError.Malformed, () => new TlsReader([2, 7]).ReadVector());
        Assert.True(new TlsReader([1]).ReadPresence());
        Assert.False(new TlsReader([0]).ReadPresence());
    }
}
