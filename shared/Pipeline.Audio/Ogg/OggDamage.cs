namespace Pipeline.Audio.Ogg;

/// <summary>A place of an Ogg file that could not be read as it should.</summary>
/// <param name="Offset">Byte of the file.</param>
public readonly record struct OggDamage(long Offset, string Problem)
{
    public override string ToString() => $"{Problem} at byte {Offset}";
}

/// <summary>What was damaged in a file: all places are counted, the first ones are named.</summary>
public sealed class OggDamages
{
    private const int MostNamed = 20;

    private readonly List<OggDamage> named = [];

    public IReadOnlyList<OggDamage> Named => named;
    public int Count { get; private set; }

    internal void Add(long offset, string problem)
    {
        Count++;
        if (named.Count < MostNamed) named.Add(new OggDamage(offset, problem));
    }
}
