using System.Collections.Concurrent;
using System.Globalization;
using System.Linq.Expressions;

namespace Pipeline.Mutation;

/// <summary>
/// Compiled into each product project of a copy whose sources hold switches: says which mutation is on, and on request writes down which
/// test classes come by which switch. Processes that tests start inherit both variables.
/// </summary>
internal static class MutationSwitch
{
    /// <summary>Number of the mutation that is on; without it none is.</summary>
    public const string Variable = "MUTATION";

    /// <summary>
    /// Folder in which each process writes a file of <c>number class</c>, one line for each pair, once. Where the class is not known, the
    /// Unix second stands behind <see cref="AnyClass"/>, and there is a line for each second.
    /// </summary>
    public const string TraceVariable = "MUTATION_TRACE";

    /// <summary>Stands for a class where it is not known: in a process that a test started, in what several classes share.</summary>
    public const string AnyClass = "*";

    // A switch in an inner loop is not looked at forever.
    private const int EnoughPasses = 100_000;

    private static readonly int active =
        int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : -1;

    private static readonly string? trace = Environment.GetEnvironmentVariable(TraceVariable);
    private static readonly Func<string> testClass = FindTestClass();
    private static readonly ConcurrentDictionary<(int, string), bool> seen = new();
    private static readonly int[] passes = new int[10_000];

    public static bool On(int id)
    {
        if (trace is not null) Note(id);
        return id == active;
    }

    /// <summary>For a number that has to become another type than int by itself.</summary>
    public static MutatedNumber Number(int id, int value) => new(On(id) ? value + 1 : value);

    private static void Note(int id)
    {
        if (passes[id] > EnoughPasses) return;
        string name = ++passes[id] > EnoughPasses ? AnyClass : testClass();
        if (name == AnyClass) name += DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        if (!seen.TryAdd((id, name), true)) return;
        lock (seen) File.AppendAllText(Path.Combine(trace!, $"{Environment.ProcessId}.{typeof(MutationSwitch).Assembly.GetName().Name}"),
            $"{id} {name}\n");
    }

    private static MemberExpression Property(Expression of, string type, string name) =>
        Expression.Property(of, Type.GetType(type)!.GetProperty(name)!);

    // Compiled once, because a call by reflection allocates, and some tests count that. Product code knows nothing of the tests' packages.
    private static Func<string> FindTestClass()
    {
        if (trace is null || Type.GetType("Xunit.TestContext, xunit.v3.core") is not { } context) return () => AnyClass;
        MemberExpression current = Expression.Property(null, context.GetProperty("Current")!);
        MemberExpression ofTest = Property(current, "Xunit.ITestContext, xunit.v3.core", "TestClass");
        MemberExpression name = Property(ofTest, "Xunit.Sdk.ITestClassMetadata, xunit.v3.common", "TestClassName");
        BinaryExpression isNone = Expression.Equal(ofTest, Expression.Constant(null, ofTest.Type));
        return Expression.Lambda<Func<string>>(Expression.Condition(isNone, Expression.Constant(AnyClass), name)).Compile();
    }
}

/// <summary>A number that becomes what its place asks for, as a literal does.</summary>
internal readonly struct MutatedNumber(int value)
{
    private readonly int value = value;

    public static implicit operator sbyte(MutatedNumber number) => unchecked((sbyte)number.value);
    public static implicit operator byte(MutatedNumber number) => unchecked((byte)number.value);
    public static implicit operator short(MutatedNumber number) => unchecked((short)number.value);
    public static implicit operator ushort(MutatedNumber number) => unchecked((ushort)number.value);
    public static implicit operator int(MutatedNumber number) => number.value;
    public static implicit operator uint(MutatedNumber number) => unchecked((uint)number.value);
    public static implicit operator long(MutatedNumber number) => number.value;
    public static implicit operator ulong(MutatedNumber number) => unchecked((ulong)number.value);
}
