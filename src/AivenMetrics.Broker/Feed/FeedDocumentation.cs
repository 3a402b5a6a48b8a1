using AivenMetrics.Broker.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Broker.Feed;

/// <summary>Descriptions of the feeds for openapi.yaml.</summary>
internal static class FeedDocumentation
{
    private const string Unavailable =
        """{ "error": "Unavailable", "description": "The broker's database is unavailable. Keep the last good version and retry." }""";

    public static RouteHandlerBuilder WithFeedDocumentation(this RouteHandlerBuilder endpoint, string description, string example)
    {
        foreach (var status in (int[])[401, 403, 503])
        {
            endpoint.Produces<FeedError>(status);
        }
        return endpoint
            .WithDescription(description)
            .WithHeader("If-None-Match", false, "Entity tag of the known version.")
            .WithHeader("Prefer", false, "wait=seconds: maximum time to wait for a change if the entity tag is current. Maximum: 60.")
            .WithResponse(200, "The current version.", example)
            .WithResponse(304, "The known version is current; no body.", null)
            .WithResponse(
                401,
                "The token is missing or wrong.",
                """{ "error": "Unauthorized", "description": "Send Authorization: Bearer <token> with the token of this feed." }"""
            )
            .WithResponse(
                403,
                "The token is valid for the other feed only.",
                """{ "error": "Forbidden", "description": "This token is for the other feed." }"""
            )
            .WithResponse(503, "The broker's database is unavailable.", Unavailable)
            .WithResponseHeader("ETag", "Entity tag of this version.", 200, 304)
            .WithResponseHeader("WWW-Authenticate", "Challenge for a bearer token.", 401)
            .WithResponseHeader("Retry-After", "Delay in seconds before the next request.", 503);
    }

    /// <summary>An error of a feed.</summary>
    /// <param name="Error">Error code.</param>
    /// <param name="Description">What happened and how to resolve it.</param>
    internal sealed record FeedError(string Error, string Description);

    public const string TargetsExample = """
        {
          "projects": [
            {
              "project": "demo",
              "ready": true,
              "ca_certificate": "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
              "scrape_credentials": { "username": "prom0f1e2d3c4b5a", "password": "the-password" },
              "services": [
                {
                  "service_name": "orders-pg",
                  "hosts": [{ "host": "orders-pg-demo.aivencloud.com", "port": 9273, "path": "/metrics" }],
                  "labels": {
                    "aiven_project": "demo",
                    "aiven_service_name": "orders-pg",
                    "space_id": "6b1c2a0f-0f64-4a53-8f0b-5a8a3b3a9e21"
                  }
                }
              ]
            }
          ]
        }
        """;

    public const string CredentialsExample = """
        {
          "credentials": [
            {
              "username": "m-0f1e2d3c4b5a6978",
              "secret_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
              "matchers": [{ "name": "space_id", "type": "=", "value": "6b1c2a0f-0f64-4a53-8f0b-5a8a3b3a9e21" }],
              "plan": "space"
            }
          ]
        }
        """;
}
