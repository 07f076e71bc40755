using System.Globalization;

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
          --loss 2%                  share of packets lost
          --jitter 60ms              delay of packets, uniform up to this
          --dave MODE                off (default), negotiated, enforced
          --stage                    the speakers sit in the stage channel
          --record-start-after 2s    issue /record start as a member so long after the bot's commands are there
          --seed 7                   decides ids, keys, loss and jitter
          --port 8500                port of REST, gateway and control interface (default: a free one)
          --env-file FILE            also write the settings there, for scripts
          --log FILE                 every message, one line each
          --for 60s                  end by itself

        Control interface (JSON over HTTP at SIMULATOR_CONTROL): GET state, messages, log; POST command, press, modal,
        say, join, leave, kick, deafen, mute, fault, conditions, quit. Each refusal tells what it needs.
        """;

    public List<(string Name, string Path)> Speakers { get; } = [];

    public List<(string Name, string Path)> Peers { get; } = [];

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
    internal static double Share(string text)
    {
        bool percent = text.EndsWith('%');
        return double.TryParse(text.TrimEnd('%'), CultureInfo.InvariantCulture, out double number) && number >= 0
            && number <= (percent ? 100 : 1)
            ? number / (percent ? 100 : 1)
            : throw new FormatException($"'{text}' is not a share such as 2%.");
    }

    /// <summary>"60ms", "2s", "5m", or plain seconds.</summary>
    internal static TimeSpan Duration(string text)
    {
        (string suffix, double seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), (string.Empty, 1)];
        (string suffix, double factor) = units.First(unit => text.EndsWith(unit.suffix, StringComparison.Ordinal));
        return double.TryParse(text[..^suffix.Length], CultureInfo.InvariantCulture, out double number) && number >= 0
            ? TimeSpan.FromSeconds(number * factor)
            : throw new FormatException($"'{text}' is not a duration such as 60ms or 2s.");
    }

    private static (string Name, string Path) NamedFile(string argument, string text)
    {
        string[] parts = text.Split('=', 2);
        return parts.Length == 2 && File.Exists(parts[1])
            ? (parts[0], parts[1])
            : throw new FormatException($"{argument} needs NAME=FILE with a file that exists.");
    }

    private static int Number(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out int number)
        ? number
        : throw new FormatException($"'{text}' is not a whole number.");

    private void Set(string name, Func<string> value)
    {
        switch (name)
        {
            case "--speaker":
                Speakers.Add(NamedFile(name, value()));
                break;
            case "--peer":
                Peers.Add(NamedFile(name, value()));
                break;
            case "--talk":
                Talk = value();
                if (Talk is not ("joined" or "now" or "asked"))
                    throw new FormatException("--talk is joined, now or asked.");
                break;
            case "--repeat": Repeat = true; break;
            case "--stage": OnStage = true; break;
            case "--loss": Loss = Share(value()); break;
            case "--jitter": Jitter = Duration(value()); break;
            case "--dave":
                Dave = Enum.TryParse(value(), ignoreCase: true, out DaveMode mode) ? mode
                    : throw new FormatException("--dave is off, negotiated or enforced.");
                break;
            case "--record-start-after": RecordStartAfter = Duration(value()); break;
            case "--seed": Seed = Number(value()); break;
            case "--port": Port = Number(value()); break;
            case "--env-file": EnvironmentFile = value(); break;
            case "--log": LogFile = value(); break;
            case "--for": For = Duration(value()); break;
            default: throw new FormatException($"There is no argument {name}.");
        }
    }
}
