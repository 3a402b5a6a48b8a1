using AivenMetrics.Broker.Aiven;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>One side effect. After the steps of a plan the facts are read into a new plan, until none is left.</summary>
internal abstract record Step
{
    /// <summary>The kind, for logs and metrics.</summary>
    public string Kind => GetType().Name;
}

/// <summary>A step that concerns the project as a whole; the services wait for it.</summary>
internal abstract record ProjectStep : Step;

/// <summary>Generate the scrape user and password and store them, before Aiven is asked for anything.</summary>
internal sealed record StoreEndpointCredentials : ProjectStep;

/// <summary>Read the certificate of the project's CA.</summary>
internal sealed record FetchCa : ProjectStep;

/// <summary>Look which endpoints Aiven has.</summary>
internal sealed record ListEndpoints : ProjectStep;

/// <summary>The endpoint that we knew is gone: forget its id.</summary>
internal sealed record ForgetEndpoint : ProjectStep;

/// <summary>Make our endpoint with the stored credentials.</summary>
internal sealed record CreateEndpoint : ProjectStep;

/// <summary>
/// An endpoint of our name exists, be it from a crashed attempt or from somebody else: give it the stored credentials, since
/// its password cannot be read, and remember its id.
/// </summary>
internal sealed record AdoptEndpoint(string EndpointId) : ProjectStep;

/// <summary>A step about one service.</summary>
internal abstract record ServiceStep(AivenService Service) : Step;

/// <summary>Write the row, then ask Aiven for the integration.</summary>
internal sealed record CreateIntegration(AivenService Service) : ServiceStep(Service);

/// <summary>Take note of an integration to our endpoint that Aiven shows.</summary>
/// <param name="CreatedByUs">True when it is the fruit of an attempt of ours whose end we had not seen.</param>
internal sealed record AdoptIntegration(AivenService Service, string IntegrationId, bool CreatedByUs) : ServiceStep(Service);

/// <summary>A binding needs it again: the grace period ends.</summary>
internal sealed record MarkNeeded(AivenService Service) : ServiceStep(Service);

/// <summary>No binding needs it any more: the grace period begins.</summary>
internal sealed record MarkUnneeded(AivenService Service) : ServiceStep(Service);

/// <summary>Delete an integration that we made and that nobody has needed for the whole grace period.</summary>
internal sealed record DeleteIntegration(AivenService Service, string IntegrationId) : ServiceStep(Service);

/// <summary>Drop the row: the integration is gone, or was never ours and is not needed.</summary>
internal sealed record ForgetIntegration(AivenService Service) : ServiceStep(Service);

/// <summary>Drop the row of a service that Aiven does not have any more; its integrations went with it.</summary>
internal sealed record ForgetService(string ServiceName) : Step;
