using Pipeline.Settings;

namespace Pipeline.Bot.Cli;

/// <summary>What the process says when it ends.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>A bug of ours; the log has it, the spool keeps the audio.</summary>
    public const int Failure = 1;

    /// <summary>A wrong argument or setting.</summary>
    public const int Usage = SettingProblem.ExitCode;

    /// <summary>An input file that cannot be read.</summary>
    public const int Input = 3;

    /// <summary>The storage, or a recording API that was asked for, does not answer or refuses us.</summary>
    public const int Storage = 4;

    /// <summary>The machine lacks something: libopus, a spool folder that can be written, a spool of our own.</summary>
    public const int Machine = 5;

    /// <summary>Another bot took the recording or the shard from us. One that starts beside another stands by instead.</summary>
    public const int Lost = 6;

    /// <summary>Discord refuses the bot, or keeps it from working.</summary>
    public const int Discord = 7;
}
