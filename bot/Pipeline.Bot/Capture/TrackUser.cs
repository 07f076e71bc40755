using System.Globalization;

namespace Pipeline.Bot.Capture;

/// <summary>Whose track. The name is written by the tick's thread and read by any.</summary>
internal sealed class TrackUser(ulong id)
{
    private string name = id.ToString(CultureInfo.InvariantCulture);

    public ulong Id { get; } = id;

    /// <summary>Display name, or the id as text while the name is unknown.</summary>
    public string Name
    {
        get => Volatile.Read(ref name);
        set => Volatile.Write(ref name, value);
    }
}
