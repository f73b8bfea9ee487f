/* loadtest/main.c - liveshelf-load: a crowd of viewers on a running server, and an honest account of what they saw. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/must.h"
#include "loadtest/display.h"
#include "loadtest/options.h"
#include "loadtest/report.h"
#include "loadtest/scenario.h"

#define EXIT_ASKED_WRONGLY 2
#define EXIT_INTERRUPTED 130
#define FILES_OF_OUR_OWN 64

static volatile sig_atomic_t stop;
static void stop_asked(int signal_number)
{
    (void)signal_number;
    stop = 1;
}

static void signals_set(void)
{
    struct sigaction action = {.sa_handler = stop_asked,
                               .sa_flags = (int)SA_RESETHAND}; /* a second one ends us at once */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static size_t viewers_that_fit(size_t wanted)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    size_t room = files.rlim_cur > FILES_OF_OUR_OWN ? (size_t)files.rlim_cur - FILES_OF_OUR_OWN : 1;
    if (wanted > room)
        fprintf(stderr, "liveshelf-load: %zu viewers: this process may open only %llu files (ulimit -n)\n", room,
                (unsigned long long)files.rlim_cur);
    return wanted < room ? wanted : room;
}

/* ---- what is written ---- */

struct outputs {
    FILE *json;       /* open from the start; NULL: not asked for */
    const char *page; /* of the report; NULL: none was asked for */
};

static bool cannot_write(const char *option, const char *path)
{
    fprintf(stderr, "liveshelf-load: %s: cannot write \"%.200s\": %s\n", option, path, strerror(errno));
    return false;
}

/* Before a long run, so that it is not for nothing. */
static bool outputs_open(const struct options *o, struct outputs *out)
{
    FILE *report = o->report == NULL ? NULL : fopen(o->report, "ae");
    if (o->report != NULL && report == NULL)
        return cannot_write("--report", o->report);
    if (report != NULL)
        fclose(report);
    if (o->json != NULL)
        out->json = strcmp(o->json, "-") == 0 ? stdout : fopen(o->json, "we");
    return o->json == NULL || out->json != NULL || cannot_write("--json", o->json);
}

static bool json_write(const struct bytes *json, FILE *to, const char *path)
{
    bool written = fwrite(json->data, 1, json->len, to) == json->len && fflush(to) == 0;
    return written || cannot_write("--json", path);
}

static bool account_write(const struct options *o, const struct run *r, const struct outputs *out)
{
    struct bytes json = {0};
    struct report_fault fault;
    run_report(r, &json);
    bool written = bytes_result(&json) == RESULT_OK;
    if (out->json != NULL && written)
        written = json_write(&json, out->json, o->json);
    if (out->page != NULL && json.data != NULL &&
        report_write(o->report, out->page, json.data, json.len, &fault) != RESULT_OK) {
        fprintf(stderr, "liveshelf-load: --report: cannot write %s\n", fault.text);
        written = false;
    }
    bytes_finish(&json);
    return written;
}

static bool thresholds_take(struct run *r, const struct scenario *s, const struct options *o)
{
    for (size_t i = 0; i < s->thresholds_count; i++)
        MUST(threshold_add(r, &s->thresholds[i], s->phases_count) == RESULT_OK);
    for (size_t i = 0; i < o->thresholds_count; i++) {
        enum result result = threshold_parse(r, o->thresholds[i], s->phases_count);
        if (result == RESULT_OK)
            continue;
        fprintf(stderr, "liveshelf-load: --threshold \"%.80s\": %s\n", o->thresholds[i],
                result == RESULT_NOT_FOUND ? "there is no such figure" : "it takes NAME<=NUMBER or NAME>=NUMBER");
        return false;
    }
    return true;
}

static int run_play(const struct options *o, const struct scenario *s, struct run *r, const struct outputs *out)
{
    static struct crowd crowd;
    struct display display;
    bool in_path = strstr(o->url, "/v1/broadcasts/") != NULL;
    size_t viewers = viewers_that_fit(o->viewers);
    double speed = o->duration_s > 0 ? (double)scenario_planned_ms(s, viewers) / 1000 / o->duration_s : o->speed;
    struct crowd_config config = {
        .url = o->url,
        .broadcast = o->broadcast != NULL || in_path ? o->broadcast : "spring-drop",
        .token = o->token,
        .host_token = o->host_token,
        .integrator_token = o->integrator_token,
        .viewers = viewers,
        .seed = o->seed,
        .speed = speed > 0 ? speed : 1,
        .stop = &stop,
        .watch = o->quiet ? NULL : display_draw,
        .watch_ctx = &display,
    };
    r->crowd = &crowd;
    r->scenario = s->name;
    r->phases_planned = s->phases_count;
    r->planned_ms = (int64_t)((double)scenario_planned_ms(s, viewers) / config.speed);
    display_init(&display, stderr, r);
    if (crowd_init(&crowd, &config) != RESULT_OK) {
        fprintf(stderr, "liveshelf-load: no memory for %zu viewers\n", viewers);
        return EXIT_FAILURE;
    }
    signals_set();
    bool well = scenario_play(s, r);
    if (!o->quiet)
        display_finish(&display);
    run_print(r, stderr);
    well = account_write(o, r, out) && well;
    bool stopped = crowd.stopped;
    crowd_finish(&crowd);
    return stopped ? EXIT_INTERRUPTED : well ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static struct run run;
    struct options options;
    struct scenario *scenario;
    struct scenario_fault fault;
    struct report_fault report_fault;
    struct outputs out = {0};
    char *page = NULL;
    if (!options_read(argc, argv, &options))
        return EXIT_ASKED_WRONGLY;
    if (options.help) {
        fputs(options_usage, stdout);
        return EXIT_SUCCESS;
    }
    if (scenario_load(options.scenario, &scenario, &fault) != RESULT_OK) {
        fprintf(stderr, "liveshelf-load: %s\n", fault.text);
        return EXIT_ASKED_WRONGLY;
    }
    int code = EXIT_ASKED_WRONGLY;
    if (options.report != NULL && report_page(options.web_dir, &page, &report_fault) != RESULT_OK)
        fprintf(stderr, "liveshelf-load: --report: %s\n", report_fault.text);
    else if (scenario->needs_host && options.host_token == NULL)
        fprintf(stderr, "liveshelf-load: --host-token: %.80s needs it: a phase is the host's\n", options.scenario);
    else if (thresholds_take(&run, scenario, &options) && outputs_open(&options, &out)) {
        out.page = page;
        code = run_play(&options, scenario, &run, &out);
    }
    if (out.json != NULL && out.json != stdout)
        fclose(out.json);
    free(page);
    scenario_destroy(scenario);
    return code;
}
