using System.Globalization;
using System.Text;

namespace AivenMetrics.Hosting.Terminal;

/// <summary>Text from outside, as it may be shown on a terminal: nobody writes escape sequences to it, moves text or forges lines.</summary>
internal static class PrintableText
{
    /// <summary>Longest text of a cell of a table; what is cut off ends in an ellipsis.</summary>
    public const int MaximumCellLength = 200;

    /// <summary>The text with a replacement character for each that controls, formats, or breaks a line.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="keepLines">True: line feeds stay, because the text has several lines of its own.</param>
    public static string Sanitize(string text, bool keepLines = false)
    {
        var printable = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            printable.Append((keepLines && rune.Value == '\n') || IsPrintable(rune) ? rune.ToString() : "\uFFFD");
        }

        return printable.ToString();
    }

    /// <summary>The same for a cell of a table, no longer than <see cref="MaximumCellLength"/>.</summary>
    public static string SanitizeCell(string text)
    {
        var printable = Sanitize(text);
        return printable.Length <= MaximumCellLength ? printable : $"{printable[..MaximumCellLength]}…";
    }

    private static bool IsPrintable(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.Surrogate
                or UnicodeCategory.OtherNotAssigned
            );
}
