namespace AivenMetrics.Simulator.Api;

/// <summary>
/// An error response in Aiven's error envelope. Handlers throw it; ApiServer writes it.
/// </summary>
internal sealed class AivenApiException(int status, string message, string code) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// <summary>Value of the <c>Retry-After</c> header in seconds; null for none.</summary>
    public int? RetryAfter { get; init; }
}

/// <summary>All error responses of the API: status, text (verbatim where Aiven's text is known) and code.</summary>
internal static class AivenErrors
{
    public static AivenApiException Invalid(string message) => new(400, message, "bad_request");

    public static AivenApiException Unchanged() => new(400, "User config not changed", "bad_request");

    public static AivenApiException ProjectMismatch() =>
        new(400, "Source and destination project do not match", "service_integration_project_mismatch_source_destination");

    public static AivenApiException TypeNotAllowed(string serviceType, string integrationType) =>
        new(400, $"Service type {serviceType} is not allowed as the source of a {integrationType} integration", "service_type_not_allowed");

    public static AivenApiException InvalidToken() => new(401, "Invalid token", "authentication_failed");

    public static AivenApiException AuthenticationFailed() => new(403, "Authentication failed", "authentication_failed");

    public static AivenApiException PlanWithoutIntegrations() =>
        new(403, "Service integrations are not available for this service", "feature_not_enabled");

    public static AivenApiException Protected() =>
        new(403, "Service is protected against termination and shutdown. Remove termination protection first.", "request_forbidden");

    public static AivenApiException NoRoute() => new(404, "Not Found", "not_found");

    public static AivenApiException NoProject() => new(404, "Project does not exist", "project_does_not_exist");

    public static AivenApiException NoService(string name) => new(404, $"Service {name} does not exist", "service_does_not_exist");

    public static AivenApiException NoIntegration() => new(404, "Service integration does not exist", "service_integration_not_found");

    public static AivenApiException NoEndpoint() =>
        new(404, "Service integration endpoint does not exist", "service_integration_endpoint_not_found");

    public static AivenApiException WrongMethod() => new(405, "Method Not Allowed", "method_not_allowed");

    public static AivenApiException ServiceExists() => new(409, "Service name is already in use", "service_already_exists");

    public static AivenApiException IntegrationExists() =>
        new(409, "Service integration already exists", "service_integration_already_exists");

    public static AivenApiException OnePerType() =>
        new(409, "Only 1 integration(s) of this type allowed per service", "service_integration_limit_exceeded");

    public static AivenApiException EndpointExists() =>
        new(409, "Service integration endpoint already exists", "service_integration_endpoint_already_exists");

    public static AivenApiException EndpointInUse() =>
        new(409, "Service integration endpoint is in use", "service_integration_endpoint_in_use");

    public static AivenApiException NotPowered() => new(409, "Service not powered on", "not_powered");

    public static AivenApiException TooLarge() => new(413, "Request body is larger than 1 MiB", "request_too_large");

    public static AivenApiException TooManyRequests(int limit, int seconds, bool retryAfter) =>
        new(
            429,
            $"The user has sent too many requests in a given amount of time: Rate limit {limit} exceeded - try again in {seconds}s",
            "too_many_requests"
        )
        {
            RetryAfter = retryAfter ? seconds : null,
        };

    public static AivenApiException NoAddress(string network) =>
        new(503, $"All addresses of {network} are in use: give the simulator a larger Simulator:NodeNetwork", "service_unavailable");

    public static AivenApiException Internal() => new(500, "An error occurred. Please try again later.", "internal_server_error");
}
