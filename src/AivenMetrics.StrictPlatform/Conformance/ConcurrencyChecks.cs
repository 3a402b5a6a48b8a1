using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Equal requests at once (42, 69).</summary>
internal static class ConcurrencyChecks
{
    private const int AtOnce = 20;

    public static IReadOnlyList<Check> All { get; } =
    [
        new("69", "Twenty equal provisions at once make one instance", async lab =>
        {
            string instance = lab.NewInstance();
            Answer[] answers = await Together(lab, Asks.Provision(instance, lab.ProvisionBody()));
            ExpectOneEffect(lab, answers, "provisions");
            if (answers.FirstOrDefault(answer => answer.Status == 202) is { } running)
                await lab.Poll(running.Ask, running.Operation);
            lab.Expect(await lab.Send(Asks.Provision(instance, lab.ProvisionBody())), "the provision after those", 200);
            lab.Expect(await lab.Finished(Asks.Deprovision(instance, lab.Plan.Ids)), "the delete", 200);
            lab.Expect(await lab.Send(Asks.Deprovision(instance, lab.Plan.Ids)), "the delete again", 410);
        }),
        new("69", "Twenty equal binds at once make one binding with one set of credentials", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            string binding = lab.NewBinding(instance);
            Answer[] answers = await Together(lab, lab.Bind(instance, binding));
            ExpectOneEffect(lab, answers, "binds");
            if (answers.FirstOrDefault(answer => answer.Status == 202) is { } running)
                await lab.Poll(running.Ask, running.Operation);
            Answer after = await lab.Send(lab.Bind(instance, binding));
            lab.Expect(after, "the bind after those", 200);
            int kinds = answers.Append(after).Where(answer => answer.Status is 200 or 201).Select(answer => BindChecks.Credentials(answer.Object)).Distinct().Count();
            if (kinds > 1)
                lab.Violated($"{kinds} sets of credentials for one binding");
        }),
        new("69", "Twenty equal binds at once without accepts_incomplete make one binding", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            ExpectOneEffect(lab, await Together(lab, lab.Bind(instance, lab.NewBinding(instance), incomplete: false)), "synchronous binds");
        }),
        new("69", "Twenty equal deletes at once delete once", async lab =>
        {
            string instance = await lab.Instance();
            if (lab.Plan.Bindable)
            {
                (string binding, _) = await lab.Binding(instance);
                ExpectOneDelete(lab, await Together(lab, Asks.Unbind(instance, binding, lab.Plan.Ids)), "unbinds");
                await lab.Finished(Asks.Unbind(instance, binding, lab.Plan.Ids));
            }

            ExpectOneDelete(lab, await Together(lab, Asks.Deprovision(instance, lab.Plan.Ids)), "deprovisions");
        }),
        new("42", "Different provisions of one id at once: one wins, the others are 409 or 422 ConcurrencyError", async lab =>
        {
            string instance = lab.NewInstance();
            Answer[] answers = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(number =>
            {
                var body = lab.ProvisionBody();
                body["organization_guid"] = Guid.NewGuid().ToString();
                body.Remove("context");
                return lab.Send(Asks.Provision(instance, body));
            }));
            Expected(lab, answers, "different provisions", 201, 202, 409, 422, 400);
            if (answers.Count(answer => answer.IsSuccess) > 1)
                lab.Violated($"{answers.Count(answer => answer.IsSuccess)} of {AtOnce} different provisions of one id succeeded");
        }),
        new("42", "Binds and unbinds of several clients at once are never a 5xx and leave nothing", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            string[] bindings = [.. Enumerable.Range(0, 3).Select(_ => lab.NewBinding(instance))];
            Ask[] asks = [.. Enumerable.Range(0, 3 * AtOnce).Select(number => number % 2 == 0 ? lab.Bind(instance, bindings[number % 3]) : Asks.Unbind(instance, bindings[number % 3], lab.Plan.Ids))];
            Answer[] answers = await Task.WhenAll(asks.Select(lab.Send));
            Expected(lab, answers, "binds and unbinds", 200, 201, 202, 410, 422);
            foreach (string binding in bindings)
            {
                await lab.Finished(Asks.Unbind(instance, binding, lab.Plan.Ids));
                lab.Expect(await lab.Send(Asks.Unbind(instance, binding, lab.Plan.Ids)), "the last unbind", 410);
            }
        }),
    ];

    private static Task<Answer[]> Together(Lab lab, Ask ask) => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => lab.Send(ask)));

    private static void ExpectOneEffect(Lab lab, Answer[] answers, string what)
    {
        Expected(lab, answers, what, 200, 201, 202, 422);
        if (answers.Count(answer => answer.Status == 201) > 1)
            lab.Violated($"{answers.Count(answer => answer.Status == 201)} of {AtOnce} equal {what} were 201");
        if (answers.Where(answer => answer.Status == 202).Select(answer => answer.Operation).Distinct().Count() > 1)
            lab.Violated($"equal {what} have different operations");
    }

    private static void ExpectOneDelete(Lab lab, Answer[] answers, string what)
    {
        Expected(lab, answers, what, 200, 202, 410, 422);
        if (answers.Count(answer => answer.Status == 200) > 1)
            lab.Violated($"{answers.Count(answer => answer.Status == 200)} of {AtOnce} equal {what} were 200");
    }

    private static void Expected(Lab lab, Answer[] answers, string what, params int[] statuses)
    {
        foreach (Answer answer in answers)
            lab.Expect(answer, what, statuses);
        if (answers.Any(answer => answer.Status == 422 && answer.ErrorCode is not ("ConcurrencyError" or "AsyncRequired")))
            lab.Violated($"{what}: a 422 that is not ConcurrencyError");
    }
}
