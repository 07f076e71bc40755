namespace Pipeline.Dave.Keys;

/// <summary>
/// Which nonces of one sender key chain may still be used: every newer one, and those among the 1000 before the newest
/// that have not been seen. A frame that comes twice is opened once (DAVE protocol, "Receiving: replay").
/// </summary>
/// <remarks>
/// Bit <c>n mod 1024</c> tells whether nonce n was used. Nonces are the extended ones: generation x 2^24 + low 24 bits.
/// Not safe for threads; owned by the media thread.
/// </remarks>
internal sealed class ReplayWindow
{
    /// <summary>Missing nonces that are remembered.</summary>
    public const int Length = 1000;

    private const int Bits = 1024;

    private readonly ulong[] used = new ulong[Bits / 64];
    private ulong newest;
    private bool started;

    public bool MayUse(ulong nonce)
    {
        if (!started || nonce > newest) return true;
        return newest - nonce <= Length && !IsUsed(nonce);
    }

    /// <summary>To be called only for a nonce whose frame's tag was right.</summary>
    public void Use(ulong nonce)
    {
        if (!started || (nonce > newest && nonce - newest >= Bits))
        {
            Array.Clear(used);
            newest = nonce;
            started = true;
        }
        while (newest < nonce)
        {
            newest++;
            Mark(newest, isUsed: false);
        }
        Mark(nonce, isUsed: true);
    }

    private bool IsUsed(ulong nonce) => (used[(nonce % Bits) / 64] >> (int)(nonce % 64) & 1) != 0;

    private void Mark(ulong nonce, bool isUsed)
    {
        ulong bit = 1UL << (int)(nonce % 64);
        ref ulong word = ref used[(nonce % Bits) / 64];
        word = isUsed ? word | bit : word & ~bit;
    }
}
