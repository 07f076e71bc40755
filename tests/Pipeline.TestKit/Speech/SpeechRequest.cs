namespace Pipeline.TestKit.Speech;

/// <summary>One request as a stand-in of a service took it.</summary>
/// <param name="Fields">Parts of the form that are text, in their order.</param>
/// <param name="FileName">Of the part with the sound.</param>
/// <param name="Wave">The sound: WAV.</param>
public sealed record SpeechRequest(IReadOnlyList<(string Name, string Value)> Fields, string? FileName, byte[] Wave)
{
    private const int HeaderSize = 44, BytesPerSecond = 32_000;

    public string? Field(string name) => Fields.FirstOrDefault(field => field.Name == name).Value;

    public double Seconds => (double)(Wave.Length - HeaderSize) / BytesPerSecond;
}
