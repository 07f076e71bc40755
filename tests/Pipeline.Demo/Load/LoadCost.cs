using System.Globalization;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Load;

/// <summary>What an hour of a call asks of the storage, at the list prices that infra/CAPACITY.md names.</summary>
/// <param name="Gigabytes">Kept in the end, in billions of bytes.</param>
/// <param name="Requests">Of each kind; looks into empty queues are not in it.</param>
internal sealed record LoadCost(double Gigabytes, IReadOnlyDictionary<OperationKind, double> Requests)
{
    private const double DollarsPerGigabyteMonth = 0.018;

    private static readonly Dictionary<OperationKind, double> DollarsPerTenThousand = new()
    {
        [OperationKind.BlobWrite] = 0.05,
        [OperationKind.BlobRead] = 0.004,
        [OperationKind.BlobDelete] = 0,
        [OperationKind.Queue] = 0.004,
        [OperationKind.Table] = 0.00036,
    };

    public double RequestDollars => Requests.Sum(one => one.Value * DollarsPerTenThousand[one.Key] / 10_000);

    public static LoadCost Of(IReadOnlyList<StorageOperation> operations, long bytes, TimeSpan length) => new(
        bytes / 1e9 / length.TotalHours,
        operations.GroupBy(operation => operation.Kind).ToDictionary(kind => kind.Key, kind => kind.Count() / length.TotalHours));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Gigabytes:F3} GB, {string.Join(", ", Requests.OrderBy(one => one.Key).Select(one => $"{one.Value:F0} {one.Key}"))}; "
        + $"requests ${RequestDollars:F4}, kept ${Gigabytes * DollarsPerGigabyteMonth:F4} a month");
}
