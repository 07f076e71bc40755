using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>Asserts about what must not be taken.</summary>
internal static class Refused
{
    /// <summary>Refused for exactly this reason.</summary>
    public static void With(MlsError error, Action attempt) => Assert.Equal(error, Assert.Throws<MlsException>(attempt).Error);

    /// <summary>Refused with a named error and with nothing else.</summary>
    public static void Somehow(Action attempt, string what)
    {
        try
        {
            attempt();
        }
        catch (MlsException)
        {
            return;
        }

        Assert.Fail($"accepted: {what}");
    }

    /// <summary>Every byte changed, every truncation, one byte more: all refused.</summary>
    public static void EveryChange(byte[] valid, Action<byte[]> attempt)
    {
        for (int i = 0; i < valid.Length; i++)
        {
            byte[] changed = [.. valid];
            changed[i] ^= (byte)(1 << (i % 8));
            Somehow(() => attempt(changed), $"byte {i} of {valid.Length} changed");
        }

        for (int length = 0; length < valid.Length; length++)
        {
            Somehow(() => attempt(valid[..length]), $"cut to {length} of {valid.Length}");
        }

        Somehow(() => attempt([.. valid, 0]), "one byte more");
    }
}
