using System.Buffers.Binary;
using System.Text;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>One field of a Protocol Buffers message: enough of the wire format to look into what an exporter sends.</summary>
/// <param name="Number">Field number.</param>
/// <param name="Value">Of a varint or a fixed field; 0 for a length-delimited one.</param>
/// <param name="Bytes">Of a length-delimited field; empty for others.</param>
internal readonly record struct ProtobufField(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes.Span);
    public string Hex => Convert.ToHexStringLower(Bytes.Span);

    /// <summary>Fields of one message in the order of the wire.</summary>
    public static IEnumerable<ProtobufField> Of(ReadOnlyMemory<byte> message)
    {
        while (!message.IsEmpty)
        {
            ulong tag = Varint(ref message);
            int number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0: yield return new ProtobufField(number, Varint(ref message), default); break;
                case 1:
                    yield return new ProtobufField(number, BinaryPrimitives.ReadUInt64LittleEndian(Take(ref message, 8).Span),
                    default); break;
                case 2: yield return new ProtobufField(number, 0, Take(ref message, (int)Varint(ref message))); break;
                case 5:
                    yield return new ProtobufField(number, BinaryPrimitives.ReadUInt32LittleEndian(Take(ref message, 4).Span),
                    default); break;
                default: throw new InvalidDataException($"wire type {tag & 7}");
            }
        }
    }

    /// <summary>The messages in all fields of this number.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Inside(ReadOnlyMemory<byte> message, int number) =>
        Of(message).Where(field => field.Number == number).Select(field => field.Bytes);

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> message, int count)
    {
        ReadOnlyMemory<byte> taken = message[..count];
        message = message[count..];
        return taken;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> message)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = Take(ref message, 1).Span[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }
}
