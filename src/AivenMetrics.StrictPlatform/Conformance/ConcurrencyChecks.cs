using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Concurrent requests (requirements 42 and 69).</summary>
internal static class ConcurrencyChecks
{
    private const int Concurrency = 20;

    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("69", "Twenty equal concurrent provisions create one instance", async context =>
        {
            var instance = context.NewInstanceId();
            var responses = await SendConcurrentlyAsync(context, OsbCalls.Provision(instance, context.ProvisionBody()));
            ExpectOneEffect(context, responses, "provisions");
            if (responses.FirstOrDefault(response => response.Status == 202) is { } running)
            {
                await context.PollAsync(running.Call, running.Operation);
            }
            context.Expect(
                await context.SendAsync(OsbCalls.Provision(instance, context.ProvisionBody())),
                "the provision after those",
                200
            );
            context.Expect(await context.SendToCompletionAsync(OsbCalls.Deprovision(instance, context.Plan.Ids)), "the delete", 200);
            context.Expect(await context.SendAsync(OsbCalls.Deprovision(instance, context.Plan.Ids)), "the delete again", 410);
        }),
        new("69", "Twenty equal concurrent binds create one binding with one set of credentials", async context =>
        {
            context.RequireBindable();
            var instance = await context.CreateInstanceAsync();
            var binding = context.NewBindingId(instance);
            var responses = await SendConcurrentlyAsync(context, context.BindCall(instance, binding));
            ExpectOneEffect(context, responses, "binds");
            if (responses.FirstOrDefault(response => response.Status == 202) is { } running)
            {
                await context.PollAsync(running.Call, running.Operation);
            }
            var after = await context.SendAsync(context.BindCall(instance, binding));
            context.Expect(after, "the bind after those", 200);
            var kinds = responses
                .Append(after)
                .Where(response => response.Status is 200 or 201)
                .Select(response => BindChecks.Credentials(response.BodyObject))
                .Distinct()
                .Count();
            if (kinds > 1)
            {
                context.ReportViolation($"{kinds} sets of credentials for one binding");
            }
        }),
        new("69", "Twenty equal concurrent binds without accepts_incomplete create one binding", async context =>
        {
            context.RequireBindable();
            var instance = await context.CreateInstanceAsync();
            ExpectOneEffect(
                context,
                await SendConcurrentlyAsync(context, context.BindCall(instance, context.NewBindingId(instance), incomplete: false)),
                "synchronous binds"
            );
        }),
        new("69", "Twenty equal concurrent deletes delete once", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            if (context.Plan.Bindable)
            {
                (var binding, _) = await context.CreateBindingAsync(instance);
                ExpectOneDelete(
                    context,
                    await SendConcurrentlyAsync(context, OsbCalls.Unbind(instance, binding, context.Plan.Ids)),
                    "unbinds"
                );
                await context.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids));
            }

            ExpectOneDelete(
                context,
                await SendConcurrentlyAsync(context, OsbCalls.Deprovision(instance, context.Plan.Ids)),
                "deprovisions"
            );
        }),
        new("42", "Of different concurrent provisions of one id one succeeds, the others are 409 or 422 ConcurrencyError", async context =>
        {
            var instance = context.NewInstanceId();
            var responses = await Task.WhenAll(
                Enumerable
                    .Range(0, Concurrency)
                    .Select(number =>
                    {
                        var body = context.ProvisionBody();
                        body["organization_guid"] = Guid.NewGuid().ToString();
                        body.Remove("context");
                        return context.SendAsync(OsbCalls.Provision(instance, body));
                    })
            );
            ExpectStatuses(context, responses, "different provisions", 201, 202, 409, 422, 400);
            if (responses.Count(response => response.IsSuccess) > 1)
            {
                context.ReportViolation(
                    $"{responses.Count(response => response.IsSuccess)} of {Concurrency} different provisions of one id succeeded"
                );
            }
        }),
        new("42", "Concurrent binds and unbinds are never a 5xx and leave nothing", async context =>
        {
            context.RequireBindable();
            var instance = await context.CreateInstanceAsync();
            string[] bindings = [.. Enumerable.Range(0, 3).Select(_ => context.NewBindingId(instance))];
            OsbCall[] calls =
            [
                .. Enumerable
                    .Range(0, 3 * Concurrency)
                    .Select(number =>
                        number % 2 == 0
                            ? context.BindCall(instance, bindings[number % 3])
                            : OsbCalls.Unbind(instance, bindings[number % 3], context.Plan.Ids)
                    ),
            ];
            var responses = await Task.WhenAll(calls.Select(context.SendAsync));
            ExpectStatuses(context, responses, "binds and unbinds", 200, 201, 202, 410, 422);
            foreach (var binding in bindings)
            {
                await context.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids));
                context.Expect(await context.SendAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids)), "the last unbind", 410);
            }
        }),
    ];

    private static Task<OsbResponse[]> SendConcurrentlyAsync(ConformanceContext context, OsbCall call) =>
        Task.WhenAll(Enumerable.Range(0, Concurrency).Select(_ => context.SendAsync(call)));

    private static void ExpectOneEffect(ConformanceContext context, OsbResponse[] responses, string what)
    {
        ExpectStatuses(context, responses, what, 200, 201, 202, 422);
        if (responses.Count(response => response.Status == 201) > 1)
        {
            context.ReportViolation($"{responses.Count(response => response.Status == 201)} of {Concurrency} equal {what} were 201");
        }
        if (responses.Where(response => response.Status == 202).Select(response => response.Operation).Distinct().Count() > 1)
        {
            context.ReportViolation($"equal {what} have different operations");
        }
    }

    private static void ExpectOneDelete(ConformanceContext context, OsbResponse[] responses, string what)
    {
        ExpectStatuses(context, responses, what, 200, 202, 410, 422);
        if (responses.Count(response => response.Status == 200) > 1)
        {
            context.ReportViolation($"{responses.Count(response => response.Status == 200)} of {Concurrency} equal {what} were 200");
        }
    }

    private static void ExpectStatuses(ConformanceContext context, OsbResponse[] responses, string what, params int[] statuses)
    {
        foreach (var response in responses)
        {
            context.Expect(response, what, statuses);
        }
        if (responses.Any(response => response.Status == 422 && response.ErrorCode is not ("ConcurrencyError" or "AsyncRequired")))
        {
            context.ReportViolation($"{what}: a 422 that is not ConcurrencyError");
        }
    }
}
