namespace Pipeline.Discord.Media;

/// <summary>
/// The id under which audio is delivered while nobody has told whose its source is: the source's number below 0x7FFFFFFF. No user has
/// such an id: they are made of a time, and this one is one second of the year 2084.
/// </summary>
public static class UnnamedSource
{
    private const ulong Mark = 0x7FFF_FFFF;

    public static ulong IdOf(uint ssrc) => (Mark << 32) | ssrc;

    public static bool Is(ulong userId) => userId >> 32 == Mark;
}
