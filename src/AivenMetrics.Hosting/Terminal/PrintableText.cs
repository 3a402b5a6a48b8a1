using System.Globalization;
using System.Text;

namespace AivenMetrics.Hosting.Terminal;

/// <summary>Makes untrusted text safe for a terminal: escape sequences, text direction marks and line breaks are replaced.</summary>
internal static class PrintableText
{
    /// <summary>Maximum length of a table cell in characters; longer text is cut and ends in an ellipsis.</summary>
    public const int MaximumCellLength = 200;

    /// <summary>Replaces control characters, format characters and line breaks by U+FFFD.</summary>
    /// <param name="text">The text.</param>
    /// <param name="keepLines">True to keep line feeds, for text of several lines.</param>
    public static string Sanitize(string text, bool keepLines = false)
    {
        var printable = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            printable.Append((keepLines && rune.Value == '\n') || IsPrintable(rune) ? rune.ToString() : "\uFFFD");
        }

        return printable.ToString();
    }

    /// <summary>Sanitizes the text of a table cell and shortens it to <see cref="MaximumCellLength"/>.</summary>
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
