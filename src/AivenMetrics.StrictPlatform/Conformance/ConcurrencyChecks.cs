using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Equal requests at once (42, 69).</summary>
internal static class ConcurrencyChecks
{
    private const int Concurrency = 20;

    public static IReadOnlyList<Check> All { get; } = [new("69", "Twenty equal provisions at once make one instance", async lab =>
        {
            var instance = lab.NewInstanceId();
            var answers = await SendConcurrentlyAsync(lab, OsbCalls.Provision(instance, lab.ProvisionBody()));
            ExpectOneEffect(lab, answers, "provisions");
            if (answers.FirstOrDefault(answer => answer.Status == 202) is { } running)
            {
                await lab.PollAsync(running.Call, running.Operation);
            }
            lab.Expect(await lab.SendAsync(OsbCalls.Provision(instance, lab.ProvisionBody())), "the provision after those", 200);
            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids)), "the delete", 200);
            lab.Expect(await lab.SendAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids)), "the delete again", 410);
        }), new("69", "Twenty equal binds at once make one binding with one set of credentials", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            var binding = lab.NewBindingId(instance);
            var answers = await SendConcurrentlyAsync(lab, lab.BindCall(instance, binding));
            ExpectOneEffect(lab, answers, "binds");
            if (answers.FirstOrDefault(answer => answer.Status == 202) is { } running)
            {
                await lab.PollAsync(running.Call, running.Operation);
            }
            var after = await lab.SendAsync(lab.BindCall(instance, binding));
            lab.Expect(after, "the bind after those", 200);
            var kinds = answers
                .Append(after)
                .Where(answer => answer.Status is 200 or 201)
                .Select(answer => BindChecks.Credentials(answer.BodyObject))
                .Distinct()
                .Count();
            if (kinds > 1)
            {
                lab.ReportViolation($"{kinds} sets of credentials for one binding");
            }
        }), new("69", "Twenty equal binds at once without accepts_incomplete make one binding", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            ExpectOneEffect(
                lab,
                await SendConcurrentlyAsync(lab, lab.BindCall(instance, lab.NewBindingId(instance), incomplete: false)),
                "synchronous binds"
            );
        }), new("69", "Twenty equal deletes at once delete once", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            if (lab.Plan.Bindable)
            {
                (var binding, _) = await lab.CreateBindingAsync(instance);
                ExpectOneDelete(lab, await SendConcurrentlyAsync(lab, OsbCalls.Unbind(instance, binding, lab.Plan.Ids)), "unbinds");
                await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids));
            }

            ExpectOneDelete(lab, await SendConcurrentlyAsync(lab, OsbCalls.Deprovision(instance, lab.Plan.Ids)), "deprovisions");
        }), new("42", "Different provisions of one id at once: one wins, the others are 409 or 422 ConcurrencyError", async lab =>
        {
            var instance = lab.NewInstanceId();
            var answers = await Task.WhenAll(
                Enumerable
                    .Range(0, Concurrency)
                    .Select(number =>
                    {
                        var body = lab.ProvisionBody();
                        body["organization_guid"] = Guid.NewGuid().ToString();
                        body.Remove("context");
                        return lab.SendAsync(OsbCalls.Provision(instance, body));
                    })
            );
            ExpectStatuses(lab, answers, "different provisions", 201, 202, 409, 422, 400);
            if (answers.Count(answer => answer.IsSuccess) > 1)
            {
                lab.ReportViolation(
                    $"{answers.Count(answer => answer.IsSuccess)} of {Concurrency} different provisions of one id succeeded"
                );
            }
        }), new("42", "Binds and unbinds of several clients at once are never a 5xx and leave nothing", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            string[] bindings = [.. Enumerable.Range(0, 3).Select(_ => lab.NewBindingId(instance))];
            OsbCall[] asks =
            [
                .. Enumerable
                    .Range(0, 3 * Concurrency)
                    .Select(number =>
                        number % 2 == 0
                            ? lab.BindCall(instance, bindings[number % 3])
                            : OsbCalls.Unbind(instance, bindings[number % 3], lab.Plan.Ids)
                    ),
            ];
            var answers = await Task.WhenAll(asks.Select(lab.SendAsync));
            ExpectStatuses(lab, answers, "binds and unbinds", 200, 201, 202, 410, 422);
            foreach (var binding in bindings)
            {
                await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids));
                lab.Expect(await lab.SendAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids)), "the last unbind", 410);
            }
        })];

    private static Task<OsbResponse[]> SendConcurrentlyAsync(ConformanceContext lab, OsbCall ask) =>
        Task.WhenAll(Enumerable.Range(0, Concurrency).Select(_ => lab.SendAsync(ask)));

    private static void ExpectOneEffect(ConformanceContext lab, OsbResponse[] answers, string what)
    {
        ExpectStatuses(lab, answers, what, 200, 201, 202, 422);
        if (answers.Count(answer => answer.Status == 201) > 1)
        {
            lab.ReportViolation($"{answers.Count(answer => answer.Status == 201)} of {Concurrency} equal {what} were 201");
        }
        if (answers.Where(answer => answer.Status == 202).Select(answer => answer.Operation).Distinct().Count() > 1)
        {
            lab.ReportViolation($"equal {what} have different operations");
        }
    }

    private static void ExpectOneDelete(ConformanceContext lab, OsbResponse[] answers, string what)
    {
        ExpectStatuses(lab, answers, what, 200, 202, 410, 422);
        if (answers.Count(answer => answer.Status == 200) > 1)
        {
            lab.ReportViolation($"{answers.Count(answer => answer.Status == 200)} of {Concurrency} equal {what} were 200");
        }
    }

    private static void ExpectStatuses(ConformanceContext lab, OsbResponse[] answers, string what, params int[] statuses)
    {
        foreach (var answer in answers)
        {
            lab.Expect(answer, what, statuses);
        }
        if (answers.Any(answer => answer.Status == 422 && answer.ErrorCode is not ("ConcurrencyError" or "AsyncRequired")))
        {
            lab.ReportViolation($"{what}: a 422 that is not ConcurrencyError");
        }
    }
}
