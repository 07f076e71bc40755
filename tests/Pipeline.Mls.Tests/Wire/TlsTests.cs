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
}
