using System.Globalization;
using Pipeline.Settings.Forms;

namespace Pipeline.Settings;

/// <summary>One setting of the product, as README's tables show it.</summary>
/// <param name="name">Its environment name; <c>A__B</c> stands for <c>A:B</c> or a nested object in a file.</param>
/// <param name="readBy">The programs that read it.</param>
/// <param name="sentence">What it is for, in one sentence without a full stop.</param>
public abstract class Setting(string name, Programs readBy, string sentence)
{
    public string Name { get; } = name;

    public Programs ReadBy { get; } = readBy;

    public string Sentence { get; } = sentence;

    /// <summary>Its value is never shown, in no error either.</summary>
    public bool IsSecret { get; init; }

    /// <summary>The setting that it is one of several of; null where it was declared itself.</summary>
    public Setting? Declared { get; init; }

    /// <summary>What is said instead of a default value, such as <c>all servers</c>.</summary>
    public string? DefaultInWords { get; init; }

    /// <summary>What a bare number counts, such as <c>ms</c> or <c>MB</c>; empty where there are no units.</summary>
    public abstract string Unit { get; }

    /// <summary>What it may be, in the words of the tables.</summary>
    public abstract string Range { get; }

    /// <summary>What it may be, as the end of "expected …".</summary>
    public abstract string Expected { get; }

    /// <summary>What counts when nobody sets it; empty for nothing.</summary>
    public string Default => DefaultInWords ?? DefaultValue;

    protected abstract string DefaultValue { get; }

    /// <summary>The value that a text stands for, in the tables' spelling; null when it is not allowed. A secret is <c>set</c>.</summary>
    public abstract string? Show(string text);
}

/// <summary>A setting with the type of its value.</summary>
/// <typeparam name="T">Null is possible where not being set is a value of its own.</typeparam>
/// <param name="form">How a text becomes a value, and which are allowed.</param>
/// <param name="byDefault">What counts when nobody sets it.</param>
public sealed class Setting<T>(string name, Programs readBy, SettingForm<T> form, T byDefault, string sentence)
    : Setting(name, readBy, sentence)
{
    public SettingForm<T> Form { get; } = form;

    public T DefaultOrNone { get; } = byDefault;

    /// <summary>The setting of one of several: <c>A__N__B</c> becomes <c>A__3__B</c>.</summary>
    public Setting<T> At(int number) => new(Name.Replace(UnknownSettings.AnyNumber,
        string.Create(CultureInfo.InvariantCulture, $"__{number}__"), StringComparison.Ordinal), ReadBy, Form, DefaultOrNone, Sentence)
    { IsSecret = IsSecret, DefaultInWords = DefaultInWords, Declared = this };

    public override string Unit => Form.Unit;

    public override string Range => Form.Range;

    public override string Expected => Form.Expected;

    protected override string DefaultValue => DefaultOrNone is null ? "" : Form.Show(DefaultOrNone);

    public override string? Show(string text) => !Form.TryRead(text, out T value) ? null : IsSecret ? "set" : Form.Show(value);
}

/// <summary>Who reads a setting.</summary>
[Flags]
public enum Programs
{
    None = 0,
    Bot = 1,
    Functions = 2,
    Both = Bot | Functions,
}
