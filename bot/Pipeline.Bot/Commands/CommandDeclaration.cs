using Microsoft.Extensions.Logging;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Observability;
using Pipeline.Contracts;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary>Tells Discord which slash commands there are.</summary>
internal sealed class CommandDeclaration(DiscordRestClient rest, RecorderOptions options, TimeProvider time,
    ILogger<CommandDeclaration> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    /// <summary>Until it has worked: without commands nobody can start anything.</summary>
    public async Task DeclareAsync(ulong applicationId, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await rest.DeclareCommandsAsync(applicationId, options.CommandGuild, CommandDefinitions.All, cancellationToken);
                return;
            }
            catch (Exception problem) when (DiscordFailure.Is(problem))
            {
                bool isStranger = problem is DiscordRestException { Code: DiscordErrorCode.MissingAccess };
                log.CommandsNotDeclared(isStranger && options.CommandGuild is { } guild
                    ? $"the bot is not in server {guild}, which DISCORD_GUILD_ID names: invite it there, or correct the setting"
                    : Cause.Of(problem));
            }
            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}
