using System.Text.Json;

namespace Pipeline.Discord.Gateway;

/// <summary>The envelope <c>{op, d, s, t}</c> of one received message. Valid while its document lives.</summary>
internal readonly record struct GatewayMessage(int Opcode, JsonElement Data, long? Sequence, string? Type)
{
    /// <summary>Reads the envelope; anything that is not an object with a number as <c>op</c> is refused.</summary>
    public static bool TryRead(JsonElement root, out GatewayMessage message)
    {
        try
        {
            return TryReadEnvelope(root, out message);
        }
        catch (InvalidOperationException)
        {
            // Text that is no text: a lone surrogate, or bytes that are not UTF-8, in a value or in any property's name.
            message = default;
            return false;
        }
    }

    private static bool TryReadEnvelope(JsonElement root, out GatewayMessage message)
    {
        message = default;
        if (root.ValueKind != JsonValueKind.Object || !TryReadNumber(root, "op"u8, out double opcode)) return false;
        if (!(opcode is >= 0 and <= 1000)) return false;
        long? sequence = TryReadNumber(root, "s"u8, out double s) && s is >= 0 and < (1L << 53) ? (long)s : null;
        string? type = root.TryGetProperty("t"u8, out JsonElement t) && t.ValueKind == JsonValueKind.String ? t.GetString() : null;
        root.TryGetProperty("d"u8, out JsonElement data);
        message = new GatewayMessage((int)opcode, data, sequence, type);
        return true;
    }

    /// <summary>A number under <paramref name="name"/>, whole or not: <c>heartbeat_interval</c> has been seen as 13750.0.</summary>
    public static bool TryReadNumber(JsonElement parent, ReadOnlySpan<byte> name, out double value)
    {
        value = 0;
        try
        {
            return parent.ValueKind == JsonValueKind.Object
                && parent.TryGetProperty(name, out JsonElement element)
                && element.ValueKind == JsonValueKind.Number
                && element.TryGetDouble(out value);
        }
        catch (InvalidOperationException)
        {
            return false; // as in TryRead
        }
    }
}
