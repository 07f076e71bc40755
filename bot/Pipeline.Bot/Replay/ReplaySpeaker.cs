namespace Pipeline.Bot.Replay;

/// <summary>Who speaks, from which file, and when it begins.</summary>
/// <param name="Start">Silence before the first frame.</param>
internal sealed record ReplaySpeaker(ulong UserId, string Name, string File, TimeSpan Start)
{
    private const ulong FirstUserId = 100_000_000_000_000_001;

    /// <summary>Reads <c>Name=file.opus</c> or <c>Name=file.opus@1.5s</c>. Names are 1-100 characters.</summary>
    /// <param name="position">Place in the command line; it makes the user id, so that the same call has the same ids.</param>
    /// <param name="problem">What is wrong, when the answer is null.</param>
    public static ReplaySpeaker? Parse(string text, int position, out string? problem)
    {
        problem = null;
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string name = equals > 0 ? text[..equals].Trim() : "";
        string file = equals > 0 ? text[(equals + 1)..].Trim() : "";
        TimeSpan start = TimeSpan.Zero;
        int at = file.LastIndexOf('@');
        if (at > 0 && ReplayDuration.TryParse(file[(at + 1)..], out TimeSpan delay)) (file, start) = (file[..at], delay);
        if (name.Length is < 1 or > 100 || file.Length == 0)
            problem = $"--speaker: '{text}' is not allowed, expected Name=file.opus with a name of 1 to 100 characters";
        return problem is null ? new ReplaySpeaker(FirstUserId + (ulong)position, name, file, start) : null;
    }
}
