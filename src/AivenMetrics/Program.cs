Console.WriteLine("aiven-metrics");
