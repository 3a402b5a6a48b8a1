using System.Globalization;

namespace AivenMetrics.Benchmarks;

/// <summary>Writes a table to the console, each row as soon as it is measured. Two spaces separate the columns.</summary>
/// <param name="columns">Header and width of each column. A negative width aligns the cells to the left.</param>
internal sealed class TextTable(params (string Header, int Width)[] columns)
{
    public void WriteHeader() => Write(columns.Select(column => column.Header));

    /// <summary>Writes a row, with numbers in the invariant culture.</summary>
    public void WriteRow(params FormattableString[] cells) => Write(cells.Select(cell => cell.ToString(CultureInfo.InvariantCulture)));

    private void Write(IEnumerable<string> cells) =>
        Console.WriteLine(string.Join("  ", columns.Zip(cells, (column, cell) => Align(cell, column.Width))).TrimEnd());

    private static string Align(string cell, int width) => width < 0 ? cell.PadRight(-width) : cell.PadLeft(width);
}
