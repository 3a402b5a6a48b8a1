using AivenMetrics.Broker.Aiven;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>A side effect. After the steps of a plan were executed, a new plan is created, until no step is left.</summary>
internal abstract record Step
{
    /// <summary>Name of the step for logs and metrics.</summary>
    public string Kind => GetType().Name;
}

/// <summary>A step of the project as a whole. Service steps wait for it.</summary>
internal abstract record ProjectStep : Step;

/// <summary>Generates the scrape user and password and stores them, before any request to Aiven.</summary>
internal sealed record StoreEndpointCredentials : ProjectStep;

/// <summary>Reads the CA certificate of the project.</summary>
internal sealed record FetchCa : ProjectStep;

/// <summary>Lists the integration endpoints.</summary>
internal sealed record ListEndpoints : ProjectStep;

/// <summary>Clears the stored endpoint id, because the endpoint no longer exists.</summary>
internal sealed record ForgetEndpoint : ProjectStep;

/// <summary>Creates the endpoint with the stored credentials.</summary>
internal sealed record CreateEndpoint : ProjectStep;

/// <summary>
/// Adopts an existing endpoint with the configured name, from an interrupted attempt or another client: sets the stored credentials,
/// because its password cannot be read, and stores its id.
/// </summary>
internal sealed record AdoptEndpoint(string EndpointId) : ProjectStep;

/// <summary>A step of one service.</summary>
internal abstract record ServiceStep(AivenService Service) : Step;

/// <summary>Writes the row, then requests the integration.</summary>
internal sealed record CreateIntegration(AivenService Service) : ServiceStep(Service);

/// <summary>Records an observed integration with the broker's endpoint.</summary>
/// <param name="CreatedByUs">True if an earlier attempt of the broker created it.</param>
internal sealed record AdoptIntegration(AivenService Service, string IntegrationId, bool CreatedByUs) : ServiceStep(Service);

/// <summary>Ends the grace period: a binding needs the service again.</summary>
internal sealed record MarkNeeded(AivenService Service) : ServiceStep(Service);

/// <summary>Starts the grace period: no binding needs the service any more.</summary>
internal sealed record MarkUnneeded(AivenService Service) : ServiceStep(Service);

/// <summary>Deletes an integration that the broker created and that no binding needed during the whole grace period.</summary>
internal sealed record DeleteIntegration(AivenService Service, string IntegrationId) : ServiceStep(Service);

/// <summary>Deletes the row: the integration no longer exists, or was not created by the broker and is not needed.</summary>
internal sealed record ForgetIntegration(AivenService Service) : ServiceStep(Service);

/// <summary>Deletes the row of a service that no longer exists, with its integrations.</summary>
internal sealed record ForgetService(string ServiceName) : Step;
