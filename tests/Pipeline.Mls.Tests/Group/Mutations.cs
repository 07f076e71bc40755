using CsCheck;

namespace Pipeline.Mls.Tests.Group;

/// <summary>Random edits of valid bytes: cut out, repeat, overwrite, insert.</summary>
internal static class Mutations
{
    public static Gen<byte[]> Of(byte[] valid) => Gen.OneOf(
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Int[1, 64], (start, count) => Cut(valid, start, count)),
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Int[1, 64], (start, count) => Repeat(valid, start, count)),
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte.Array[1, 16], (start, bytes) => Overwrite(valid, start, bytes)),
        Gen.Select(Gen.Int[0, valid.Length], Gen.Byte.Array[1, 16], (start, bytes) =>
            (byte[])[.. valid[..start], .. bytes, .. valid[start..]]));

    private static byte[] Cut(byte[] valid, int start, int count) =>
        [.. valid[..start], .. valid[Math.Min(start + count, valid.Length)..]];

    private static byte[] Repeat(byte[] valid, int start, int count)
    {
        int end = Math.Min(start + count, valid.Length);
        return [.. valid[..end], .. valid[start..]];
    }

    private static byte[] Overwrite(byte[] valid, int start, byte[] bytes)
    {
        byte[] changed = [.. valid];
        bytes.AsSpan(0, Math.Min(bytes.Length, valid.Length - start)).CopyTo(changed.AsSpan(start));
        return changed;
    }
}
