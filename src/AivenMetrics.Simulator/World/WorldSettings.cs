namespace AivenMetrics.Simulator.World;

/// <summary>Delays, and behaviour of Aiven that is not documented. The admin API replaces the whole record.</summary>
/// <param name="IntegrationDelay">From creation until <c>active</c>.</param>
/// <param name="ListenerDelay">From creation until the nodes serve metrics.</param>
/// <param name="NotFoundWindow">From creation until found by id.</param>
/// <param name="BuildTime">Duration of <c>REBUILDING</c> and <c>REBALANCING</c>.</param>
internal sealed record WorldSettings(TimeSpan IntegrationDelay, TimeSpan ListenerDelay, TimeSpan NotFoundWindow, TimeSpan BuildTime)
{
    /// <summary>True if deleting an endpoint deletes its integrations; false if it is 409 while it has integrations.</summary>
    public bool EndpointDeleteCascades { get; init; } = true;

    /// <summary>True if an integration of a powered-off service is rejected with 409 <c>not_powered</c>; false if it is created.</summary>
    public bool PoweredOffConflicts { get; init; } = true;

    /// <summary>True if an invalid token is 403 <c>Authentication failed</c>; false if it is 401 <c>Invalid token</c>.</summary>
    public bool BadTokenForbidden { get; init; }
}
