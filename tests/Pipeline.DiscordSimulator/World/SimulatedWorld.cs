using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Gateway;
using Pipeline.DiscordSimulator.Voice;

namespace Pipeline.DiscordSimulator.World;

/// <summary>Everything that exists in one simulated Discord, and the parts that act on it. State belongs to <see cref="Loop"/>.</summary>
internal sealed class SimulatedWorld
{
    private readonly Dictionary<ulong, SimulatedUser> users = [];
    private readonly Dictionary<ulong, SimulatedChannel> channels = [];
    private readonly List<SimulatedGuild> guilds = [];
    private readonly List<SimulatedApplication> applications = [];

    public SimulatedWorld(SimulatorOptions options)
    {
        Options = options;
        Loop = new EventLoop(
            options.Time, options.Tick, exception => Log?.Event("engine", exception.ToString()));
        Log = new SimulatorLog(() => Loop.Elapsed, options.LogCapacity, options.LogWriter);
        Snowflakes = new Snowflakes(options.Seed);
        Random = new Random(options.Seed);
        Faults = new FaultBoard(this);
        Gateway = new GatewayServer(this);
        Voice = new VoiceSwitchboard(this);
    }

    public SimulatorOptions Options { get; }

    public EventLoop Loop { get; }

    public SimulatorLog Log { get; }

    public Snowflakes Snowflakes { get; }

    /// <summary>For ids and keys; media have random sources of their own so that message order cannot move them.</summary>
    public Random Random { get; }

    public FaultBoard Faults { get; }

    public GatewayServer Gateway { get; }

    public VoiceSwitchboard Voice { get; }

    public IReadOnlyList<SimulatedGuild> Guilds => guilds;

    public IReadOnlyList<SimulatedApplication> Applications => applications;

    public IReadOnlyCollection<SimulatedChannel> Channels => channels.Values;

    public DateTimeOffset Now => Options.Time.GetUtcNow();

    public SimulatedUser AddUser(string name, bool isBot)
    {
        SimulatedUser user = new(Snowflakes.Next(), name, isBot);
        users.Add(user.Id, user);
        return user;
    }

    public SimulatedApplication AddApplication(string name, string token)
    {
        SimulatedApplication application = new(AddUser(name, true), token);
        applications.Add(application);
        return application;
    }

    public SimulatedGuild AddGuild(string name)
    {
        SimulatedGuild guild = new(this, Snowflakes.Next(), name);
        guilds.Add(guild);
        return guild;
    }

    public void Add(SimulatedChannel channel) => channels.Add(channel.Id, channel);

    public void Remove(SimulatedChannel channel) => channels.Remove(channel.Id);

    public SimulatedUser? User(ulong? id) => id is { } key ? users.GetValueOrDefault(key) : null;

    public SimulatedChannel? Channel(ulong? id) => id is { } key ? channels.GetValueOrDefault(key) : null;

    public SimulatedGuild? Guild(ulong? id) => guilds.Find(guild => guild.Id == id);

    public SimulatedApplication? ApplicationByToken(string? token) =>
        applications.Find(application => application.Token == token);

    public SimulatedApplication? Application(ulong? id) => applications.Find(application => application.Id == id);

    public SimulatedChannel DirectChannel(SimulatedUser recipient)
    {
        SimulatedChannel? known = channels.Values.FirstOrDefault(channel => channel.Recipient == recipient);
        if (known is not null)
            return known;
        SimulatedChannel created =
            new(Snowflakes.Next(), ChannelKind.Direct, recipient.Username, null, Loop) { Recipient = recipient };
        Add(created);
        return created;
    }

    public string NewToken(int bytes = 24)
    {
        byte[] token = new byte[bytes];
        Random.NextBytes(token);
        return Convert.ToHexStringLower(token);
    }
}
