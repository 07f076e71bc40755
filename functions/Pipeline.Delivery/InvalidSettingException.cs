namespace Pipeline.Delivery;

/// <summary>A setting is wrong or absent; the message is the one line that the owner needs: name, value, remedy.</summary>
public sealed class InvalidSettingException(string name, string? value, string remedy)
    : Exception(value is null ? $"{name} is not set: {remedy}" : $"{name} is '{value}', but must be {remedy}")
{
    public string SettingName { get; } = name;
}
