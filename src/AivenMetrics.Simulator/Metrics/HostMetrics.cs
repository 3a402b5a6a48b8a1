namespace AivenMetrics.Simulator.Metrics;

/// <summary>Metrics of every node: processor, memory, disks, network. Parts add up to their totals.</summary>
internal static class HostMetrics
{
    private const double Gibibyte = 1L << 30;

    public static void Write(MetricsPage page)
    {
        Processor(page);
        Memory(page);
        Disks(page);
        Network(page);
        System(page);
    }

    private static void Processor(MetricsPage page)
    {
        foreach (var cpu in new[] { "cpu-total", "cpu0", "cpu1" })
        {
            var user = page.GaugeValue("cpu_user" + cpu, 2, 28);
            var system = page.GaugeValue("cpu_system" + cpu, 0.5, 7);
            var iowait = page.GaugeValue("cpu_iowait" + cpu, 0, 2.5);
            var steal = page.GaugeValue("cpu_steal" + cpu, 0, 0.6);
            var softirq = page.GaugeValue("cpu_softirq" + cpu, 0, 0.4);
            foreach (
                var (name, value) in new[]
                {
                    ("user", user),
                    ("system", system),
                    ("iowait", iowait),
                    ("steal", steal),
                    ("softirq", softirq),
                    ("idle", 100 - user - system - iowait - steal - softirq),
                    ("nice", 0),
                    ("irq", 0),
                    ("guest", 0),
                    ("guest_nice", 0),
                }
            )
            {
                page.Sample("cpu_usage_" + name, "gauge", value, ("cpu", cpu));
            }
        }
    }

    private static void Memory(MetricsPage page)
    {
        const double total = 4 * Gibibyte;
        var used = total * page.GaugeValue("mem_used", 0.45, 0.72);
        var cached = total * page.GaugeValue("mem_cached", 0.10, 0.22);
        var buffered = 0.01 * total;
        foreach (
            var (name, value) in new[]
            {
                ("total", total),
                ("used", used),
                ("cached", cached),
                ("buffered", buffered),
                ("free", total - used - cached - buffered),
                ("available", total - used),
                ("available_percent", 100 * (total - used) / total),
                ("used_percent", 100 * used / total),
                ("active", used * 0.8),
                ("inactive", cached * 0.9),
            }
        )
        {
            page.Sample("mem_" + name, "gauge", value);
        }

        var swap = Gibibyte * page.GaugeValue("swap", 0, 0.05);
        foreach (
            var (name, value) in new[]
            {
                ("total", Gibibyte),
                ("used", swap),
                ("free", Gibibyte - swap),
                ("used_percent", 100 * swap / Gibibyte),
            }
        )
        {
            page.Sample("swap_" + name, "gauge", value);
        }
        page.Counter("swap_in", 0.1);
        page.Counter("swap_out", 0.1);
    }

    private static void Disks(MetricsPage page)
    {
        foreach (var (path, device, size) in new[] { ("/", "nvme0n1p1", 20 * Gibibyte), ("/srv", "nvme1n1", 175 * Gibibyte) })
        {
            (string, string)[] labels = [("device", device), ("fstype", "ext4"), ("mode", "rw"), ("path", path)];
            var used = size * page.GaugeValue("disk" + path, 0.28, 0.34);
            const double inodes = 6_553_600;
            var inodesUsed = inodes * page.GaugeValue("inodes" + path, 0.02, 0.03);
            foreach (
                var (name, value) in new[]
                {
                    ("total", size),
                    ("used", used),
                    ("free", size - used),
                    ("used_percent", 100 * used / size),
                    ("inodes_total", inodes),
                    ("inodes_used", Math.Round(inodesUsed)),
                    ("inodes_free", inodes - Math.Round(inodesUsed)),
                }
            )
            {
                page.Sample("disk_" + name, "gauge", value, labels);
            }
        }

        foreach (var name in new[] { "nvme0n1", "nvme1n1" })
        {
            page.Counter("diskio_reads", 4, ("name", name));
            page.Counter("diskio_writes", 12, ("name", name));
            page.Counter("diskio_read_bytes", 90_000, ("name", name));
            page.Counter("diskio_write_bytes", 250_000, ("name", name));
            page.Counter("diskio_read_time", 3, ("name", name));
            page.Counter("diskio_write_time", 15, ("name", name));
            page.Counter("diskio_io_time", 20, ("name", name));
            page.Untyped("diskio_iops_in_progress", Math.Round(page.GaugeValue("iops" + name, 0, 3)), ("name", name));
        }
    }

    private static void Network(MetricsPage page)
    {
        var eth = ("interface", "eth0");
        page.Counter("net_bytes_recv", 60_000, eth);
        page.Counter("net_bytes_sent", 85_000, eth);
        page.Counter("net_packets_recv", 120, eth);
        page.Counter("net_packets_sent", 130, eth);
        page.Counter("net_drop_in", 0.001, eth);
        foreach (var name in new[] { "net_drop_out", "net_err_in", "net_err_out" })
        {
            page.Sample(name, "counter", 0, eth);
        }
        page.Untyped("netstat_tcp_established", Math.Round(page.GaugeValue("established", 18, 60)));
        page.Untyped("netstat_tcp_time_wait", Math.Round(page.GaugeValue("time_wait", 0, 25)));
        page.Untyped("netstat_tcp_close_wait", Math.Round(page.GaugeValue("close_wait", 0, 2)));
        page.Untyped("netstat_tcp_listen", 14);
        page.Untyped("netstat_udp_socket", 6);
        page.Counter("service_connections_accepted", 0.8);
        page.Counter("service_connections_dropped", 0.0005);
    }

    private static void System(MetricsPage page)
    {
        var load = page.GaugeValue("load", 0.1, 1.6);
        page.Sample("system_load1", "gauge", load);
        page.Sample("system_load5", "gauge", (load + (2 * page.GaugeValue("load5", 0.2, 1.1))) / 3);
        page.Sample("system_load15", "gauge", page.GaugeValue("load15", 0.3, 0.9));
        page.Sample("system_n_cpus", "gauge", 2);
        page.Sample("system_n_users", "gauge", 0);
        page.Sample("system_uptime", "counter", Math.Floor(page.UptimeSeconds));
        page.Counter("kernel_context_switches", 3_000);
        page.Counter("kernel_interrupts", 1_800);
        page.Counter("kernel_processes_forked", 2);
        page.Sample("kernel_boot_time", "counter", page.Node.StartedAt.ToUnixTimeSeconds());
        var running = Math.Round(page.GaugeValue("running", 0, 4));
        var sleeping = Math.Round(page.GaugeValue("sleeping", 90, 120));
        foreach (
            var (name, value) in new[]
            {
                ("running", running),
                ("sleeping", sleeping),
                ("blocked", 0),
                ("zombies", 0),
                ("total", running + sleeping),
                ("total_threads", Math.Round(page.GaugeValue("threads", 240, 320))),
            }
        )
        {
            page.Sample("processes_" + name, "gauge", value);
        }
    }
}
