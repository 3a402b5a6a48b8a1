using System.Collections.Frozen;

namespace AivenMetrics.PromQL;

/// <summary>
/// A function of Prometheus 2.42 to 3.14, including experimental ones, with its signature. There is one instance per function. A server
/// rejects the functions that it does not support.
/// </summary>
public sealed class Function
{
    private static readonly FrozenDictionary<string, Function> ByName = CreateAll().ToFrozenDictionary(function => function.Name);

    private static readonly FrozenDictionary<string, Function>.AlternateLookup<ReadOnlySpan<char>> BySpan = ByName.GetAlternateLookup<
        ReadOnlySpan<char>
    >();

    private Function(string name, ExprType returns, ValueList<ExprType> arguments, int optional = 0)
    {
        Name = name;
        ReturnType = returns;
        ArgTypes = arguments;
        MinArgs = optional == 0 ? arguments.Count : arguments.Count - 1;
        MaxArgs = optional < 0 ? int.MaxValue : MinArgs + optional;
    }

    /// <summary>The name in lower case. Function names are case-sensitive.</summary>
    public string Name { get; }

    /// <summary>The types of the arguments. The last type also applies to all further arguments.</summary>
    public ValueList<ExprType> ArgTypes { get; }

    /// <summary>The type of the result.</summary>
    public ExprType ReturnType { get; }

    /// <summary>
    /// The function <c>info</c>: its second argument selects series by labels only. Without that argument it selects <c>target_info</c>.
    /// </summary>
    public static Function Info { get; } = Find("info")!;

    /// <summary>The function <c>label_replace</c>: its fifth argument is a regular expression.</summary>
    public static Function LabelReplace { get; } = Find("label_replace")!;

    /// <summary>All functions.</summary>
    public static IReadOnlyList<Function> All => ByName.Values;

    internal int MinArgs { get; }

    internal int MaxArgs { get; }

    /// <summary>Returns the function with exactly this name, or null.</summary>
    public static Function? Find(ReadOnlySpan<char> name) => BySpan.TryGetValue(name, out var function) ? function : null;

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Returns the type of the argument at an index starting at 0.</summary>
    internal ExprType ArgTypeAt(int argument) => ArgTypes[Math.Min(argument, ArgTypes.Count - 1)];

    private static IEnumerable<Function> CreateAll()
    {
        const ExprType vector = ExprType.Vector,
            scalar = ExprType.Scalar,
            matrix = ExprType.Matrix,
            text = ExprType.Text;

        string[] ofOneVector =
        [
            "abs",
            "absent",
            "acos",
            "acosh",
            "asin",
            "asinh",
            "atan",
            "atanh",
            "ceil",
            "cos",
            "cosh",
            "deg",
            "exp",
            "floor",
            "histogram_avg",
            "histogram_count",
            "histogram_stddev",
            "histogram_stdvar",
            "histogram_sum",
            "ln",
            "log10",
            "log2",
            "rad",
            "sgn",
            "sin",
            "sinh",
            "sort",
            "sort_desc",
            "sqrt",
            "start_timestamp",
            "tan",
            "tanh",
            "timestamp",
        ];
        string[] ofOneRange =
        [
            "absent_over_time",
            "avg_over_time",
            "changes",
            "count_over_time",
            "delta",
            "deriv",
            "first_over_time",
            "idelta",
            "increase",
            "irate",
            "last_over_time",
            "mad_over_time",
            "max_over_time",
            "min_over_time",
            "present_over_time",
            "rate",
            "resets",
            "stddev_over_time",
            "stdvar_over_time",
            "sum_over_time",
            "ts_of_first_over_time",
            "ts_of_last_over_time",
            "ts_of_max_over_time",
            "ts_of_min_over_time",
        ];
        string[] ofTime = ["day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"];

        string[] ofTheQuery = ["end", "pi", "range", "start", "step", "time"];

        foreach (var name in ofTheQuery)
        {
            yield return new(name, scalar, []);
        }
        foreach (var name in ofOneVector)
        {
            yield return new(name, vector, [vector]);
        }
        foreach (var name in ofOneRange)
        {
            yield return new(name, vector, [matrix]);
        }
        foreach (var name in ofTime)
        {
            yield return new(name, vector, [vector], optional: 1);
        }
        yield return new("clamp", vector, [vector, scalar, scalar]);
        yield return new("clamp_max", vector, [vector, scalar]);
        yield return new("clamp_min", vector, [vector, scalar]);
        yield return new("double_exponential_smoothing", vector, [matrix, scalar, scalar]);
        yield return new("histogram_fraction", vector, [scalar, scalar, vector]);
        yield return new("histogram_quantile", vector, [scalar, vector]);
        yield return new("histogram_quantiles", vector, [vector, text, scalar, scalar], optional: 9);
        yield return new("holt_winters", vector, [matrix, scalar, scalar]);
        yield return new("info", vector, [vector, vector], optional: 1);
        yield return new("label_join", vector, [vector, text, text, text], optional: -1);
        yield return new("label_replace", vector, [vector, text, text, text, text]);
        yield return new("max_of", scalar, [scalar, scalar]);
        yield return new("min_of", scalar, [scalar, scalar]);
        yield return new("predict_linear", vector, [matrix, scalar]);
        yield return new("quantile_over_time", vector, [scalar, matrix]);
        yield return new("round", vector, [vector, scalar], optional: 1);
        yield return new("sort_by_label", vector, [vector, text], optional: -1);
        yield return new("sort_by_label_desc", vector, [vector, text], optional: -1);
        yield return new("scalar", scalar, [vector]);
        yield return new("vector", vector, [scalar]);
    }
}
