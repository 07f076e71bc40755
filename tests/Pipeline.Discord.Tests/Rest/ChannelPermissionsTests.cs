using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Discord.Tests.Rest;

public sealed class ChannelPermissionsTests
{
    private const ulong Guild = 1, Owner = 2, User = 3, RoleA = 10, RoleB = 11;
    private const Permissions Basic = Permissions.ViewChannel | Permissions.Connect | Permissions.SendMessages;

    [Fact]
    public void Owner_may_everything() => Assert.Equal(Permissions.All, Resolve(Owner, [], Deny(0, Guild, Permissions.All)));

    [Fact]
    public void Administrator_passes_every_overwrite() =>
        Assert.Equal(Permissions.All, Resolve(User, [RoleA], Deny(0, Guild, Permissions.All), roleA: Permissions.Administrator));

    [Fact]
    public void Denials_of_roles_count_before_their_allowances()
    {
        PermissionOverwrite[] overwrites = [.. Deny(0, RoleA, Permissions.SendMessages),
            new() { Id = RoleB, Type = 0, Allow = Permissions.SendMessages }];
        Assert.True(Resolve(User, [RoleA, RoleB], overwrites).HasFlag(Permissions.SendMessages));
    }

    [Fact]
    public void Everyones_denial_is_lifted_by_a_role_and_put_back_for_the_member()
    {
        PermissionOverwrite[] overwrites =
        [
            .. Deny(0, Guild, Permissions.SendMessages),
            new() { Id = RoleA, Type = 0, Allow = Permissions.SendMessages },
            new() { Id = User, Type = 1, Deny = Permissions.SendMessages },
        ];
        Assert.False(Resolve(User, [RoleA], overwrites).HasFlag(Permissions.SendMessages));
        Assert.True(Resolve(4, [RoleA], overwrites).HasFlag(Permissions.SendMessages));
    }

    [Fact]
    public void Without_view_nothing_is_left() =>
        Assert.Equal(Permissions.None, Resolve(User, [], Deny(0, Guild, Permissions.ViewChannel)));

    [Fact]
    public void Without_connect_only_the_sight_of_a_voice_channel_is_left() =>
        Assert.Equal(Permissions.ViewChannel, Resolve(User, [], Deny(0, Guild, Permissions.Connect)));

    [Theory]
    [InlineData(0UL, 0UL, 0UL, 0UL, true)]
    [InlineData(0UL, (ulong)Permissions.Connect, 0UL, 0UL, false)]
    [InlineData((ulong)Permissions.Connect, 0UL, 0UL, 0UL, true)] // which everybody has without
    [InlineData((ulong)Permissions.SendMessages, 0UL, 0UL, (ulong)Permissions.SendMessages, true)]
    [InlineData(0UL, 0UL, (ulong)Permissions.ViewChannel, 0UL, false)]
    [InlineData(0UL, 0UL, 0UL, (ulong)Permissions.ViewChannel, false)]
    public void Audience_of_channels_is_who_may_see_and_enter_them(ulong allowed, ulong denied, ulong allowedToRole, ulong deniedToRole,
        bool isSame)
    {
        Pipeline.Discord.Model.Guild guild = new() { Id = Guild, OwnerId = Owner };
        guild = guild with { Roles = guild.Roles.Add(Guild, new GuildRole { Id = Guild, Permissions = Basic }) };
        GuildChannel open = new() { Id = 20, Kind = ChannelKind.Voice };
        GuildChannel other = open with
        {
            Id = 21,
            Overwrites =
            [
                new() { Id = Guild, Type = 0, Allow = (Permissions)allowed, Deny = (Permissions)denied },
                new() { Id = RoleA, Type = 0, Allow = (Permissions)allowedToRole, Deny = (Permissions)deniedToRole },
            ],
        };
        Assert.Equal(isSame, ChannelPermissions.HaveSameAudience(guild, open, other));
        Assert.Equal(isSame, ChannelPermissions.HaveSameAudience(guild, other, open));
        Assert.True(ChannelPermissions.HaveSameAudience(guild, other, other with { Id = 22 }));
    }

    private static PermissionOverwrite[] Deny(int type, ulong id, Permissions bits) => [new() { Id = id, Type = type, Deny = bits }];

    private static Permissions Resolve(ulong user, ulong[] roles, PermissionOverwrite[] overwrites, Permissions roleA = Permissions.None)
    {
        Dictionary<ulong, GuildRole> known = new()
        {
            [Guild] = new GuildRole { Id = Guild, Permissions = Basic },
            [RoleA] = new GuildRole { Id = RoleA, Permissions = roleA },
            [RoleB] = new GuildRole { Id = RoleB },
        };
        return ChannelPermissions.Resolve(Guild, Owner, known,
            new GuildChannel { Id = 5, Kind = ChannelKind.Voice, Overwrites = overwrites }, user, roles);
    }
}
