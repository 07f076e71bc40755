namespace Pipeline.Page.Tests.Rig;

/// <summary>Made-up conversations.</summary>
internal static class Talk
{
    /// <summary>People who take turns for a while: turns of 2 to 14 s, with a tone of their own that swells and fades.</summary>
    public static Speaker[] Of(int seed, double length, params string[] names)
    {
        Random random = new(seed);
        return [.. names.Select((name, index) => Turns(random, 100UL + (ulong)index, name, index, length, names.Length))];
    }

    private static Speaker Turns(Random random, ulong userId, string name, int index, double length, int people)
    {
        List<(long, long)> talk = [];
        List<Tone> tones = [];
        for (double at = random.NextDouble() * 8; at < length - 1;)
        {
            double turn = Math.Min(2 + (random.NextDouble() * 12), length - at);
            talk.Add(((long)(at * Speaker.Rate), (long)(turn * Speaker.Rate)));
            for (double word = 0; word < turn - 0.3; word += 0.35 + (random.NextDouble() * 0.3))
                tones.Add(new Tone(at + word, 0.15 + (random.NextDouble() * 0.2), 160 + (index * 70)));
            at += turn + 1.5 + (random.NextDouble() * 3 * people);
        }
        return new Speaker(userId, name, talk, tones);
    }
}
