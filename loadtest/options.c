#include "loadtest/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "loadtest/client/load_client.h"

const char options_usage[] =
    "usage: liveshelf-load --url URL --token TOKEN --viewers N --scenario FILE [options]\n\n"
    "A crowd of viewers on a running server, and an honest account of what they saw.\n\n"
    "  --url URL                 ws://HOST:PORT or http://HOST:PORT, or with /v1/broadcasts/ID/live behind it; HOST is "
    "an address\n"
    "  --broadcast ID            which broadcast, when the url does not say (spring-drop)\n"
    "  --token TOKEN             a viewer's: liveshelf token --shop S --role viewer\n"
    "  --host-token TOKEN        a host's; needed by scenarios that start, pin or give stock\n"
    "  --integrator-token TOKEN  the shop's own; pays for orders and reads the stock (without it nobody pays)\n"
    "  --viewers N               1 to 100000; more than the process may have files open is cut down with a word\n"
    "  --scenario FILE           loadtest/scenarios/*.json\n"
    "  --speed N                 0.01 to 1000: every duration of the scenario divided by it, every rate times it (1)\n"
    "  --duration SECONDS        1 to 86400: as --speed, chosen so that the scenario lasts about so long\n"
    "  --threshold NAME<=VALUE   or >=; may be said again: pin_ms.p99, answers.held, counts.gaps, "
    "phase3.reserve_ms.max ...\n"
    "  --json OUT                all figures as one JSON object (- for standard output)\n"
    "  --report FILE             the same as one HTML page with charts, to be opened from a disk\n"
    "  --web-dir DIR             where the report's page is, if not beside the program\n"
    "  --seed N                  0 to 2^63 - 1, for the crowd's choices (1)\n"
    "  --quiet                   no progress, only the account at the end\n"
    "  --help                    this\n\n"
    "Exit code 0: every viewer saw every event once, nothing was sold twice, all thresholds hold; 1: not so; 2: asked "
    "wrongly;\n"
    "130: interrupted (the account is still given).\n";

static bool say(const char *name, const char *what)
{
    fprintf(stderr, "liveshelf-load: %.80s %s\n", name, what);
    return false;
}

static bool not_known(const char *word)
{
    if (word[0] == '-')
        return say(word, "is no option of this program (--help names them all)");
    fprintf(stderr, "liveshelf-load: \"%.80s\" belongs to no option (--help names them all)\n", word);
    return false;
}

static bool wrong(const char *name, const char *value, const char *takes)
{
    fprintf(stderr, "liveshelf-load: %s \"%.80s\": it takes %s\n", name, value, takes);
    return false;
}

static bool number_read(const char *name, const char *text, double least, double most, const char *takes, double *ret)
{
    char *end;
    double number = strtod(text, &end);
    if ((text[0] < '0' || text[0] > '9') || *end != '\0' || strpbrk(text, "xX") != NULL || !(number >= least) ||
        !(number <= most))
        return wrong(name, text, takes);
    *ret = number;
    return true;
}

static bool whole_read(const char *name, const char *text, uint64_t least, uint64_t most, const char *takes,
                       uint64_t *ret)
{
    size_t len = strspn(text, "0123456789");
    uint64_t number = strtoull(text, NULL, 10);
    if (len == 0 || len > 19 || text[len] != '\0' || number < least || number > most)
        return wrong(name, text, takes);
    *ret = number;
    return true;
}

static bool url_check(const char *url)
{
    struct load_target target;
    if (strncmp(url, "wss://", 6) == 0 || strncmp(url, "https://", 8) == 0) {
        fprintf(stderr,
                "liveshelf-load: --url \"%.80s\": it does not speak TLS; measure behind what ends it, by "
                "ws://ADDRESS:PORT\n",
                url);
        return false;
    }
    if ((strncmp(url, "ws://", 5) != 0 && strncmp(url, "http://", 7) != 0) ||
        load_target_parse(url, &target) != RESULT_OK)
        return wrong("--url", url, "ws://ADDRESS:PORT or http://ADDRESS:PORT");
    return true;
}

static bool values_check(struct options *o, const char *viewers, const char *seed, const char *speed,
                         const char *duration)
{
    uint64_t count;
    if (speed != NULL && duration != NULL)
        return say("--speed", "and --duration cannot both be given: either decides the other");
    if (!whole_read("--viewers", viewers, 1, 100000, "1 to 100000", &count) ||
        (seed != NULL && !whole_read("--seed", seed, 0, INT64_MAX, "0 to 9223372036854775807", &o->seed)) ||
        (speed != NULL && !number_read("--speed", speed, 0.01, 1000, "0.01 to 1000", &o->speed)) ||
        (duration != NULL && !number_read("--duration", duration, 1, 86400, "1 to 86400 seconds", &o->duration_s)))
        return false;
    o->viewers = (size_t)count;
    return url_check(o->url);
}

bool options_read(int argc, char **argv, struct options *ret)
{
    const char *viewers = NULL, *seed = NULL, *speed = NULL, *duration = NULL, *threshold = NULL;
    const struct {
        const char *name;
        const char **value;
        bool needed;
    } flags[] = {{"--url", &ret->url, true},
                 {"--token", &ret->token, true},
                 {"--viewers", &viewers, true},
                 {"--scenario", &ret->scenario, true},
                 {"--broadcast", &ret->broadcast, false},
                 {"--host-token", &ret->host_token, false},
                 {"--integrator-token", &ret->integrator_token, false},
                 {"--speed", &speed, false},
                 {"--duration", &duration, false},
                 {"--threshold", &threshold, false},
                 {"--json", &ret->json, false},
                 {"--report", &ret->report, false},
                 {"--web-dir", &ret->web_dir, false},
                 {"--seed", &seed, false}};
    *ret = (struct options){.seed = 1, .speed = 1};
    for (int i = 1; i < argc; i++) {
        size_t at = 0;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            ret->help = true;
            return true;
        }
        if (strcmp(argv[i], "--quiet") == 0) {
            ret->quiet = true;
            continue;
        }
        while (at < ARRAY_LEN(flags) && strcmp(flags[at].name, argv[i]) != 0)
            at++;
        if (at == ARRAY_LEN(flags))
            return not_known(argv[i]);
        if (i + 1 == argc)
            return say(argv[i], "needs a value behind it");
        if (flags[at].value != &threshold && *flags[at].value != NULL)
            return say(argv[i], "is given twice");
        *flags[at].value = argv[++i];
        if (threshold != NULL && ret->thresholds_count == OPTIONS_THRESHOLDS_MAX)
            return say("--threshold", "is given more than 32 times");
        if (threshold != NULL)
            ret->thresholds[ret->thresholds_count++] = threshold;
        threshold = NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (flags[i].needed && *flags[i].value == NULL)
            return say(flags[i].name, "is missing, and needed (--help tells more)");
    return values_check(ret, viewers, seed, speed, duration);
}
