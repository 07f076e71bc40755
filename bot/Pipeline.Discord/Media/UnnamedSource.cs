namespace Pipeline.Discord.Media;

/// <summary>
/// The id under which audio is delivered while nobody has told whose its source is: the source's number below 31 set bits. No user has
/// such an id: they are made of a time, and this one is in the year 2084.
/// </summary>
public static class UnnamedSource
{
    private const ulong Mark = 0x7FFF_FFFFUL << 32;

    public static ulong IdOf(uint ssrc) => Mark | ssrc;

    public static bool Is(ulong userId) => (userId & Mark) == Mark;
}
