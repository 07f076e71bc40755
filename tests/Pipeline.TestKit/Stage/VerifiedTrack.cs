namespace Pipeline.TestKit.Stage;

/// <summary>One user's finished track after every segment was downloaded and checked.</summary>
public sealed record VerifiedTrack(string UserId, string Username, int Segments, TimeSpan Audio, long Bytes);
