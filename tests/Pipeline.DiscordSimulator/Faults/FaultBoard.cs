using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The faults of one simulator.</summary>
public sealed class FaultBoard
{
    private readonly SimulatedWorld world;
    private readonly List<FaultHandle> standing = [];

    internal FaultBoard(SimulatedWorld world) => this.world = world;

    /// <summary>Adds a fault; it acts at once or after <see cref="Fault.After"/>.</summary>
    public FaultHandle Add(Fault fault)
    {
        FaultHandle handle = new(this, fault);
        world.Loop.Run(() =>
        {
            if (fault.After > TimeSpan.Zero)
                world.Loop.Schedule(fault.After, () => Begin(handle));
            else
                Begin(handle);
        });
        return handle;
    }

    /// <summary>Ends every standing fault.</summary>
    public void Clear() => world.Loop.Run(standing.Clear);

    internal void Remove(FaultHandle handle) => world.Loop.Run(() =>
    {
        handle.Left = 0;
        standing.Remove(handle);
    });

    /// <summary>The first standing fault of a kind for a user; it counts as used.</summary>
    internal T? Take<T>(ulong? userId = null, Func<T, bool>? applies = null) where T : Fault
    {
        FaultHandle? handle = standing.Find(candidate =>
            candidate.Fault is T fault
            && (fault.UserId is null || fault.UserId == userId)
            && (applies is null || applies(fault)));
        if (handle is null)
            return null;
        handle.Used++;
        if (--handle.Left <= 0)
            standing.Remove(handle);
        world.Log.Event("fault", handle.Fault.ToString());
        return (T)handle.Fault;
    }

    /// <summary>The first standing fault of a kind; it counts as unused.</summary>
    internal T? Find<T>() where T : Fault => standing.Select(handle => handle.Fault).OfType<T>().FirstOrDefault();

    private void Begin(FaultHandle handle)
    {
        if (handle.Left <= 0)
            return;
        world.Log.Event("fault", "begins " + handle.Fault);
        if (handle.Fault.Stands)
            standing.Add(handle);
        else
        {
            handle.Used++;
            handle.Fault.Happen(world);
        }
    }
}
