namespace Pipeline.Discord.Rtp;

/// <summary>Which of the last 65,536 numbers of a 32-bit counter have been used. A number further back counts as used.</summary>
internal sealed class NonceWindow
{
    /// <summary>13 s of 5,000 packets per second; what is reordered by more is of no use to a recording.</summary>
    public const int Length = 1 << 16;

    private readonly ulong[] used = new ulong[Length / 64];
    private uint highest;
    private bool isEmpty = true;

    /// <summary>True once per number.</summary>
    public bool TryUse(uint number)
    {
        int step = isEmpty ? Length : (int)(number - highest);
        isEmpty = false;
        if (step > 0) Advance(number, step);
        else if (step <= -Length) return false;
        ref ulong word = ref used[(number & (Length - 1)) >> 6];
        ulong bit = 1UL << (int)(number & 63);
        if ((word & bit) != 0) return false;
        word |= bit;
        return true;
    }

    private void Advance(uint number, int step)
    {
        if (step >= Length) Array.Clear(used);
        else for (uint passed = highest + 1; passed != number + 1; passed++)
            used[(passed & (Length - 1)) >> 6] &= ~(1UL << (int)(passed & 63));
        highest = number;
    }
}
