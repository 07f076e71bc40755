using System.Reflection;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Panel;

namespace Pipeline.Bot.Tests.Panel;

/// <summary>Every sentence that people read, word by word, beside the event that sends it.</summary>
public sealed class TextTests
{
    private static readonly TextRow[] Rows = [.. AnswerTexts.Rows, .. CallTexts.Rows, .. PeopleTexts.Rows];

    public static TheoryData<string> Events => [.. Rows.Select(row => row.ToString())];

    [Theory]
    [MemberData(nameof(Events))]
    public void Text_is_the_one_of_its_event(string one)
    {
        TextRow row = Rows.Single(row => row.ToString() == one);
        Assert.Equal(row.Expected, row.Text);
    }

    [Fact]
    public void Every_text_has_its_event()
    {
        string[] known = [.. Rows.Select(row => row.Member.Contains('.', StringComparison.Ordinal) ? row.Member : "Texts." + row.Member)
            .Distinct()];
        string[] all = [.. typeof(Texts).Assembly.GetTypes().Where(type => type.Name.EndsWith("Texts", StringComparison.Ordinal))
            .Append(typeof(VoiceFailure))
            .SelectMany(type => type.GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(member => member is FieldInfo or MethodInfo).Select(member => $"{member.DeclaringType!.Name}.{member.Name}").Distinct()];
        Assert.Equal(all.Order(), known.Order());
    }
}

/// <summary>One text.</summary>
/// <param name="Member">Of <see cref="Texts"/>; that of another class with the class and a dot before it.</param>
/// <param name="Event">What has happened.</param>
internal sealed record TextRow(string Member, string Event, string Text, string Expected)
{
    public override string ToString() => $"{Member}: {Event}";
}
