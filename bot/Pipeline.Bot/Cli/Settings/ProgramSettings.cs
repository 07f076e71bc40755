using Pipeline.Bot.Guilds;
using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.Bot.Cli.Settings;

/// <summary>What files and the environment of this process say, and what is wrong with it.</summary>
internal sealed class ProgramSettings
{
    public SettingSources Sources { get; } = SettingSources.Load(AppContext.BaseDirectory, Directory.GetCurrentDirectory());

    public SettingReader Reader { get; }

    public BotOptions Bot { get; }

    public ProgramSettings()
    {
        Reader = new SettingReader(Sources);
        Bot = BotOptionsReader.Read(Reader);
    }

    /// <summary>One line each; empty when the program may start.</summary>
    public IReadOnlyList<SettingProblem> Problems => Reader.Problems;

    /// <summary>Names that look like settings of ours and are none. They keep nothing from starting.</summary>
    public IReadOnlyList<SettingProblem> Unknown => KnownSettings.Unknown(Sources);

    /// <summary>What <c>run</c> and <c>doctor</c> need besides.</summary>
    public RecorderOptions ReadDiscord() => RecorderOptionsReader.Read(Reader, Bot.Spool.Folder);

    /// <summary>Says on standard error which names are none, and what is wrong. True: the program may start.</summary>
    public bool TellProblems()
    {
        foreach (SettingProblem problem in Unknown.Concat(Problems)) Console.Error.WriteLine(problem);
        return Problems.Count == 0;
    }
}
