using System.Globalization;
using Pipeline.Audio.Ogg;
using Pipeline.DiscordSimulator.Speakers;

namespace Pipeline.DiscordSimulator.Run;

/// <summary>What the command line asks for.</summary>
internal sealed record RunOptions
{
    public const string Usage = """
        A Discord on loopback that talks. Prints what to set so that a bot connects to it.

          --speaker NAME=FILE.opus   a member in the voice channel with something to say (repeatable)
          --peer NAME=FILE.opus      the same as an unmodified discord.js client (needs node; the only speakers that can
                                     take part in an encrypted call)
          --talk WHEN                joined (default: when the bot listens), now, asked (by POST /control/say)
          --repeat                   speakers say it again and again
          --loss 2%                  share of packets lost (default: none)
          --jitter 60ms              delay of packets, uniform up to this, at most 10s (default: none)
          --dave MODE                off (default), negotiated, enforced
          --stage                    the speakers sit in the stage channel
          --record-start-after 2s    issue /record start as a member so long after the bot's commands are there
          --seed 1                   decides ids, keys, loss and jitter
          --port 8500                port of REST, gateway and control interface (default: a free one)
          --env-file FILE            also write the settings there, for scripts
          --log FILE                 every message, one line each
          --for 60s                  end by itself

        Durations are 60ms, 2s, 5m or plain seconds. Ends with 0 (after Ctrl+C and SIGTERM too), 2 on a wrong argument, 5 where
        a port, a file or a program is missing.

        Control interface (JSON over HTTP at SIMULATOR_CONTROL): GET state, messages, log; POST command, press, modal,
        say, join, leave, kick, deafen, mute, fault, conditions, quit. Each refusal tells what it needs.
        """;

    private static readonly TimeSpan MostJitter = TimeSpan.FromSeconds(10), MostWait = TimeSpan.FromDays(7);

    public List<(string Name, OpusClip Clip)> Speakers { get; } = [];

    public List<(string Name, OpusClip Clip)> Peers { get; } = [];

    public string Talk { get; private set; } = "joined";

    public bool Repeat { get; private set; }

    public double Loss { get; private set; }

    public TimeSpan Jitter { get; private set; }

    public DaveMode Dave { get; private set; }

    public bool OnStage { get; private set; }

    public TimeSpan? RecordStartAfter { get; private set; }

    public int Seed { get; private set; } = 1;

    public int Port { get; private set; }

    public string? EnvironmentFile { get; private set; }

    public string? LogFile { get; private set; }

    public TimeSpan? For { get; private set; }

    /// <exception cref="FormatException">Tells the argument and what it should be.</exception>
    public static RunOptions Parse(string[] arguments)
    {
        RunOptions options = new();
        Queue<string> left = new(arguments);
        while (left.TryDequeue(out string? name))
        {
            string Value() => left.TryDequeue(out string? value) ? value : throw new FormatException($"{name} needs a value.");
            options.Set(name, Value);
        }

        return options;
    }

    /// <summary>"2%", or "0.02".</summary>
    private static double Share(string name, string text)
    {
        bool percent = text.EndsWith('%');
        return double.TryParse(text.TrimEnd('%'), CultureInfo.InvariantCulture, out double number) && number >= 0
            && number <= (percent ? 100 : 1)
            ? number / (percent ? 100 : 1)
            : throw new FormatException($"{name} is '{text}'; use a share such as 2%, at most 100%.");
    }

    /// <summary>"60ms", "2s", "5m", or plain seconds.</summary>
    private static TimeSpan Duration(string name, string text, TimeSpan most)
    {
        (string suffix, double seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), (string.Empty, 1)];
        (string suffix, double factor) = units.First(unit => text.EndsWith(unit.suffix, StringComparison.Ordinal));
        return double.TryParse(text[..^suffix.Length], CultureInfo.InvariantCulture, out double number) && number >= 0
            && number * factor <= most.TotalSeconds
            ? TimeSpan.FromSeconds(number * factor)
            : throw new FormatException($"{name} is '{text}'; use a duration such as 60ms or 2s, at most {most.TotalSeconds:F0}s.");
    }

    private static (string Name, OpusClip Clip) NamedClip(string argument, string text)
    {
        if (text.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } path])
            throw new FormatException($"{argument} is '{text}'; use NAME=FILE.opus.");
        try
        {
            return (name, OpusClip.Read(path));
        }
        catch (OggFormatException problem)
        {
            throw new FormatException($"{argument} is '{text}', and that file is no Ogg Opus ({problem.Message}); "
                + $"make one with 'ffmpeg -i YOURS -ar 48000 -frame_duration 20 {name}.opus'.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{argument} is '{text}', and that file cannot be read: {problem.Message}");
        }
    }

    private static int Number(string name, string text, int least, int most) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number
            : throw new FormatException($"{name} is '{text}'; use a whole number from {least} to {most}.");

    private static string OneOf(string name, string text, params string[] known) =>
        known.Contains(text, StringComparer.OrdinalIgnoreCase)
            ? text
            : throw new FormatException($"{name} is '{text}'; use {string.Join(", ", known)}.");

    private void Set(string name, Func<string> value)
    {
        switch (name)
        {
            case "--speaker":
                Speakers.Add(NamedClip(name, value()));
                break;
            case "--peer":
                Peers.Add(NamedClip(name, value()));
                break;
            case "--talk":
                Talk = OneOf(name, value(), "joined", "now", "asked").ToLowerInvariant();
                break;
            case "--repeat": Repeat = true; break;
            case "--stage": OnStage = true; break;
            case "--loss": Loss = Share(name, value()); break;
            case "--jitter": Jitter = Duration(name, value(), MostJitter); break;
            case "--dave":
                Dave = Enum.Parse<DaveMode>(OneOf(name, value(), "off", "negotiated", "enforced"), ignoreCase: true);
                break;
            case "--record-start-after": RecordStartAfter = Duration(name, value(), MostWait); break;
            case "--seed": Seed = Number(name, value(), 0, int.MaxValue); break;
            case "--port": Port = Number(name, value(), 0, 65_535); break;
            case "--env-file": EnvironmentFile = value(); break;
            case "--log": LogFile = value(); break;
            case "--for": For = Duration(name, value(), MostWait); break;
            default: throw new FormatException($"There is no argument '{name}'.");
        }
    }
}
