namespace AivenMetrics.Hosting;

/// <summary>The reason of a failure of the database, for a sentence of a message.</summary>
internal static class DatabaseReason
{
    /// <summary>
    /// Returns the message of the innermost exception, without its full stop. The outer exceptions of Npgsql only refer to it.
    /// </summary>
    public static string Of(Exception exception) => exception.GetBaseException().Message.TrimEnd('.');
}
