namespace Pipeline.Demo.Load;

/// <summary>One figure and what it must not pass.</summary>
internal sealed record Goal(string What, double Value, double Limit, string Unit)
{
    public bool Holds => Value <= Limit;

    public override string ToString() =>
        FormattableString.Invariant($"{(Holds ? "ok    " : "MISSED")}  {What,-58} {Value,12:F2} <= {Limit,10:F2} {Unit}");
}
