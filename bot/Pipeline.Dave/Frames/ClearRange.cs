namespace Pipeline.Dave.Frames;

/// <summary>Bytes of a frame that travel unencrypted but authenticated: <paramref name="Size"/> bytes from <paramref name="Offset"/> of the plain frame.</summary>
public readonly record struct ClearRange(int Offset, int Size)
{
    public int End => Offset + Size;
}
