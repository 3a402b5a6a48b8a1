namespace AivenMetrics.Simulator.World;

/// <summary>The delays and the habits nobody could observe at the real Aiven; swapped whole by the admin API.</summary>
/// <param name="IntegrationDelay">From creation until <c>active</c>.</param>
/// <param name="ListenerDelay">From creation until the nodes serve metrics.</param>
/// <param name="NotFoundWindow">From creation until found by id.</param>
/// <param name="BuildTime">Length of <c>REBUILDING</c> and <c>REBALANCING</c>.</param>
internal sealed record WorldSettings(TimeSpan IntegrationDelay, TimeSpan ListenerDelay, TimeSpan NotFoundWindow, TimeSpan BuildTime)
{
    /// <summary>True: deleting an endpoint deletes its integrations; false: 409 while it has any.</summary>
    public bool EndpointDeleteCascades { get; init; } = true;

    /// <summary>True: an integration of a powered-off service is refused with 409 <c>not_powered</c>; false: it is made.</summary>
    public bool PoweredOffConflicts { get; init; } = true;

    /// <summary>True: a bad token is 403 <c>Authentication failed</c>; false: 401 <c>Invalid token</c>.</summary>
    public bool BadTokenForbidden { get; init; }
}
