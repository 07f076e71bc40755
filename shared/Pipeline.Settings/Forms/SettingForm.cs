namespace Pipeline.Settings.Forms;

/// <summary>How a text becomes a value, and which values are allowed. The range is stated here and nowhere else.</summary>
public abstract class SettingForm<T>
{
    /// <summary>What is allowed, in the words of the tables.</summary>
    public abstract string Range { get; }

    /// <summary>What is allowed, as the end of "expected …".</summary>
    public abstract string Expected { get; }

    /// <summary>What a bare number counts; empty where there are no units.</summary>
    public virtual string Unit => "";

    /// <param name="text">Without blanks around it, never empty.</param>
    /// <param name="value">Meaningless when it returns false.</param>
    public abstract bool TryRead(string text, out T value);

    /// <summary>A value in the spelling of the tables; reading that gives the same value.</summary>
    public abstract string Show(T value);
}
