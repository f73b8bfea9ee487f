/* loadtest/main.c - liveshelf-load: a crowd of viewers on a running server, and an honest account of what they saw. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "loadtest/crowd.h"
#include "loadtest/scenario.h"

static const char usage[] =
    "usage: liveshelf-load --url ws://HOST:PORT --token TOKEN --viewers N --scenario FILE [--json OUT]\n\n"
    "  --url URL            ws://HOST:PORT, or with /v1/broadcasts/ID/live behind it; HOST is an address\n"
    "  --broadcast ID       which broadcast, when the url does not say (spring-drop)\n"
    "  --token TOKEN        a viewer's: liveshelf token --shop S --role viewer\n"
    "  --host-token TOKEN   a host's; needed by scenarios that start, pin or allocate\n"
    "  --viewers N          1 to 100000; more than the process may have files open is cut down with a word\n"
    "  --scenario FILE      loadtest/scenarios/*.json\n"
    "  --json OUT           all figures as one JSON object (- for standard output)\n"
    "  --seed N             for the crowd's choices (1)\n\n"
    "Exit code 0: every viewer saw every event once and nothing was sold twice; 1: not so; 2: asked wrongly.\n";

struct options {
    const char *url, *broadcast, *token, *host_token, *scenario, *json, *viewers, *seed;
};

static int options_read(int argc, char **argv, struct options *ret)
{
    const struct {
        const char *name;
        const char **value;
    } flags[] = {{"--url", &ret->url},           {"--broadcast", &ret->broadcast},
                 {"--token", &ret->token},       {"--host-token", &ret->host_token},
                 {"--scenario", &ret->scenario}, {"--json", &ret->json},
                 {"--viewers", &ret->viewers},   {"--seed", &ret->seed}};
    for (int i = 1; i < argc; i += 2) {
        size_t at = 0;
        while (at < ARRAY_LEN(flags) && strcmp(flags[at].name, argv[i]) != 0)
            at++;
        if (at == ARRAY_LEN(flags) || i + 1 == argc) {
            fprintf(stderr, "liveshelf-load: %s \"%s\"\n\n%s",
                    at == ARRAY_LEN(flags) ? "unknown flag" : "a value is missing behind", argv[i], usage);
            return -1;
        }
        *flags[at].value = argv[i + 1];
    }
    if (ret->url == NULL || ret->token == NULL || ret->viewers == NULL || ret->scenario == NULL) {
        fputs(usage, stderr);
        return -1;
    }
    return 0;
}

/* As many files as we may have; the crowd is cut to what fits. */
static size_t viewers_that_fit(size_t wanted)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    size_t room = files.rlim_cur > 64 ? (size_t)files.rlim_cur - 64 : 1;
    if (wanted > room)
        fprintf(stderr, "liveshelf-load: %zu viewers: this process may open only %llu files (ulimit -n)\n", room,
                (unsigned long long)files.rlim_cur);
    return wanted < room ? wanted : room;
}

static bool json_write(const struct crowd *c, const char *name, const char *to)
{
    struct bytes out = {0};
    crowd_report(c, &out, name);
    FILE *file = strcmp(to, "-") == 0 ? stdout : fopen(to, "we");
    bool written = file != NULL && bytes_result(&out) == RESULT_OK && fwrite(out.data, 1, out.len, file) == out.len;
    if (file != NULL && file != stdout)
        written = fclose(file) == 0 && written;
    if (!written)
        fprintf(stderr, "liveshelf-load: cannot write %s\n", to);
    bytes_finish(&out);
    return written;
}

static bool play(const struct scenario *s, struct crowd *c)
{
    if (!crowd_join(c, scenario_ramp(s), 30000)) {
        fprintf(stderr, "liveshelf-load: only %zu of %zu viewers could join\n", c->live, c->config.viewers);
        return false;
    }
    return scenario_play(s, c);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct scenario *scenario;
    struct scenario_fault fault;
    struct crowd crowd;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (options_read(argc, argv, &o) != 0)
        return 2;
    char *end;
    long viewers = strtol(o.viewers, &end, 10);
    if (*end != '\0' || viewers < 1 || viewers > 100000) {
        fprintf(stderr, "liveshelf-load: --viewers \"%s\": it takes 1 to 100000\n", o.viewers);
        return 2;
    }
    if (scenario_load(o.scenario, &scenario, &fault) != RESULT_OK) {
        fprintf(stderr, "liveshelf-load: %s\n", fault.text);
        return 2;
    }
    bool in_path = strstr(o.url, "/v1/broadcasts/") != NULL;
    struct crowd_config config = {
        .url = o.url,
        .broadcast = o.broadcast != NULL || in_path ? o.broadcast : "spring-drop",
        .token = o.token,
        .host_token = o.host_token,
        .viewers = viewers_that_fit((size_t)viewers),
        .seed = o.seed == NULL ? 1 : strtoull(o.seed, NULL, 10),
        .progress = stderr,
    };
    if (crowd_init(&crowd, &config) != RESULT_OK) {
        fprintf(stderr, "liveshelf-load: --url \"%s\": it takes ws://ADDRESS:PORT\n", o.url);
        scenario_destroy(scenario);
        return 2;
    }
    bool well = play(scenario, &crowd);
    crowd_print(&crowd, stderr);
    well = crowd_is_sound(&crowd) && well;
    if (o.json != NULL)
        well = json_write(&crowd, scenario_name(scenario), o.json) && well;
    crowd_finish(&crowd);
    scenario_destroy(scenario);
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
