#include "app/process_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/metric.h"
#include "base/must.h"

static const double delay_bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1};

static char info_labels[ID_LEN_MAX + 64];
static struct metric info = {.name = "liveshelf_node_info",
                             .labels = info_labels,
                             .help = "Always 1; its labels tell which node and version answered.",
                             .kind = METRIC_GAUGE,
                             .value = 1};
static struct metric cpu = {.name = "liveshelf_cpu_seconds_total",
                            .help = "Processor time used by the node, user and system.",
                            .kind = METRIC_COUNTER};
static struct metric resident = {
    .name = "liveshelf_resident_bytes", .help = "Memory of the node now in RAM.", .kind = METRIC_GAUGE};
static struct metric files = {
    .name = "liveshelf_open_files", .help = "File descriptors of the node, sockets included.", .kind = METRIC_GAUGE};
static struct metric files_max = {
    .name = "liveshelf_open_files_max", .help = "File descriptors the node may have.", .kind = METRIC_GAUGE};
static struct metric started = {
    .name = "liveshelf_start_time_seconds", .help = "When the node started, Unix time.", .kind = METRIC_GAUGE};
static struct metric delay = {.name = "liveshelf_loop_delay_seconds",
                              .help = "How late a timer fired that was due every second: above 0.05 the node is busy.",
                              .kind = METRIC_HISTOGRAM,
                              .bounds = delay_bounds,
                              .bounds_count = ARRAY_LEN(delay_bounds)};

/* Since Linux 6.2 the folder's size tells. Before, every name in it is read, which with 20,000 sockets takes milliseconds. */
static double open_files(void)
{
    struct stat status;
    if (stat("/proc/self/fd", &status) == 0 && status.st_size > 0)
        return (double)status.st_size;
    double count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count > 3 ? count - 3 : 0; /* ".", ".." and the folder itself */
}

static double resident_bytes(void)
{
    char text[128] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    const char *second = file != NULL && fgets(text, sizeof text, file) != NULL ? strchr(text, ' ') : NULL;
    long pages = second == NULL ? 0 : strtol(second, NULL, 10);
    if (file != NULL)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static void due(struct clock_timer *timer)
{
    struct process_metrics *p = container_of(timer, struct process_metrics, timer);
    struct rusage usage;
    int64_t now = p->clock->now_ms(p->clock);
    metric_observe(&delay, now > p->due_ms ? (double)(now - p->due_ms) / 1000 : 0);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metric_set(&cpu, seconds(usage.ru_utime) + seconds(usage.ru_stime));
    metric_set(&resident, resident_bytes());
    metric_set(&files, open_files());
    p->due_ms = now + PROCESS_METRICS_MS;
    p->clock->start(p->clock, timer, PROCESS_METRICS_MS);
}

void process_metrics_start(struct process_metrics *p, struct clock *clock, const struct node_id *node)
{
    struct metric *const all[] = {&info, &cpu, &resident, &files, &files_max, &started, &delay};
    struct rlimit limit;
    snprintf(info_labels, sizeof info_labels, "node=\"%s\",version=\"%s\"", node->text, LIVESHELF_VERSION);
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        metric_register(all[i]);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metric_set(&files_max, (double)limit.rlim_cur);
    *p = (struct process_metrics){.clock = clock, .timer = {.fire = due}, .due_ms = clock->now_ms(clock)};
    metric_set(&started, (double)p->due_ms / 1000);
    due(&p->timer);
}

void process_metrics_stop(struct process_metrics *p)
{
    if (p->clock != NULL)
        p->clock->stop(p->clock, &p->timer);
}
