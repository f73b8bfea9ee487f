/* app/estimate.c - `liveshelf estimate`: what is known of a recorded broadcast at given moments.
 *
 * Reads one JSON object per line (start, hold, confirm, release, expire, cancel; other types are let pass) and prints, for each
 * moment of --at, one line per SKU and one for all ("*"). It observes and does not yet estimate: every quantile is what is
 * confirmed or held at that moment, and "kind" says so. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/supervisor.h"
#include "base/map.h"
#include "base/must.h"
#include "base/types.h"

#define MOMENTS_MAX 10000
#define RECORDED_SKUS_MAX 20000
#define RECORDED_HOLDS_MAX (50u << 20)

struct recorded_sku {
    char *id;
    int64_t confirmed, open;
};
struct recorded_hold {
    size_t sku;
    int64_t units;
    bool confirmed;
};
struct recording {
    struct map skus, holds; /* id -> &sku[i] as an index + 1; id -> recorded_hold */
    struct recorded_sku *sku;
    size_t sku_count;
    double *moments; /* ascending */
    size_t moments_count, moments_done;
    size_t line;
};

static int complain(const struct recording *r, const char *what)
{
    fprintf(stderr, "liveshelf estimate: line %zu: %s\n", r->line, what);
    return -1;
}

/* ---- printing ---- */

static void line_print(double t, const char *sku, int64_t confirmed, int64_t open)
{
    double units = (double)(confirmed + open);
    json_t *line = json_pack("{sf ss sf sf sf sf sf sf sI sI ss}", "t", t, "sku", sku, "mean", units, "q05", units,
                             "q25", units, "q50", units, "q75", units, "q95", units, "confirmed", (json_int_t)confirmed,
                             "open", (json_int_t)open, "kind", "observed");
    MUST(line != NULL);
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static void moment_print(struct recording *r, double t)
{
    int64_t confirmed = 0, open = 0;
    for (size_t i = 0; i < r->sku_count; i++) {
        line_print(t, r->sku[i].id, r->sku[i].confirmed, r->sku[i].open);
        confirmed += r->sku[i].confirmed;
        open += r->sku[i].open;
    }
    line_print(t, "*", confirmed, open);
}

static void moments_until(struct recording *r, double t)
{
    while (r->moments_done < r->moments_count && r->moments[r->moments_done] < t)
        moment_print(r, r->moments[r->moments_done++]);
}

/* ---- reading events ---- */

static int event_start(struct recording *r, const json_t *event)
{
    const json_t *skus = json_object_get(event, "skus");
    size_t count = json_array_size(skus);
    if (r->sku != NULL || count == 0 || count > RECORDED_SKUS_MAX)
        return complain(r, "one start with 1 to 20000 skus is expected");
    r->sku = calloc(count, sizeof *r->sku);
    MUST(r->sku != NULL);
    for (size_t i = 0; i < count; i++) {
        const char *id = json_string_value(json_object_get(json_array_get(skus, i), "id"));
        if (id == NULL || map_get(&r->skus, id) != NULL)
            return complain(r, "each of the skus has an id of its own");
        r->sku[i].id = strdup(id);
        r->sku_count = i + 1;
        MUST(r->sku[i].id != NULL && map_set(&r->skus, id, &r->sku[i]) == RESULT_OK);
    }
    return 0;
}

static int event_hold(struct recording *r, const json_t *event, const char *id)
{
    const char *sku = json_string_value(json_object_get(event, "sku"));
    struct recorded_sku *of = sku == NULL ? NULL : map_get(&r->skus, sku);
    json_int_t units = json_integer_value(json_object_get(event, "qty"));
    if (of == NULL || units < 1 || units > 1000000 || map_get(&r->holds, id) != NULL)
        return complain(r, "a hold has an id of its own, a sku of the start and a qty");
    struct recorded_hold *hold = malloc(sizeof *hold);
    MUST(hold != NULL);
    *hold = (struct recorded_hold){.sku = (size_t)(of - r->sku), .units = units};
    of->open += units;
    if (map_set(&r->holds, id, hold) == RESULT_OK)
        return 0;
    free(hold);
    return complain(r, "too many holds");
}

static int event_end_hold(struct recording *r, const char *type, const char *id)
{
    struct recorded_hold *hold = map_get(&r->holds, id);
    bool cancels = strcmp(type, "cancel") == 0;
    if (hold == NULL || hold->confirmed != cancels)
        return complain(r, "it ends a hold that is not open, or cancels one that is not confirmed");
    struct recorded_sku *of = &r->sku[hold->sku];
    *(cancels ? &of->confirmed : &of->open) -= hold->units;
    if (strcmp(type, "confirm") == 0) {
        of->confirmed += hold->units;
        hold->confirmed = true;
    } else {
        free(map_remove(&r->holds, id));
    }
    return 0;
}

static int event_feed(struct recording *r, const json_t *event)
{
    static const char *const ends[] = {"confirm", "release", "expire", "cancel"};
    const char *type = json_string_value(json_object_get(event, "type"));
    const json_t *t = json_object_get(event, "t");
    if (type == NULL || !json_is_number(t))
        return complain(r, "an event has a type and a number t");
    moments_until(r, json_number_value(t));
    if (strcmp(type, "start") == 0)
        return event_start(r, event);
    bool holds = strcmp(type, "hold") == 0;
    for (size_t i = 0; !holds && i < ARRAY_LEN(ends); i++)
        holds = strcmp(type, ends[i]) == 0;
    if (!holds) /* viewers, pin, end, waitlist and what later versions add */
        return 0;
    const char *id = json_string_value(json_object_get(event, "id"));
    if (id == NULL)
        return complain(r, "the event names no hold: id");
    return strcmp(type, "hold") == 0 ? event_hold(r, event, id) : event_end_hold(r, type, id);
}

static int recording_read(struct recording *r, FILE *from)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    int result = 0;
    while (result == 0 && (len = getline(&line, &size, from)) >= 0) {
        json_error_t error;
        r->line++;
        if (line[0] == '\n')
            continue;
        json_t *event = json_loadb(line, (size_t)len, JSON_REJECT_DUPLICATES, &error);
        result = json_is_object(event) ? event_feed(r, event) : complain(r, "not a JSON object");
        json_decref(event);
    }
    free(line);
    return result;
}

/* ---- the command ---- */

static int moment_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int moments_parse(struct recording *r, const char *at)
{
    r->moments = calloc(MOMENTS_MAX, sizeof *r->moments);
    MUST(r->moments != NULL);
    while (at != NULL && *at != '\0' && r->moments_count < MOMENTS_MAX) {
        char *end;
        r->moments[r->moments_count++] = strtod(at, &end);
        if (end == at || (*end != ',' && *end != '\0'))
            return -1;
        at = *end == ',' ? end + 1 : end;
    }
    if (r->moments_count == 0 || at == NULL || *at != '\0') /* none, or too many */
        return -1;
    qsort(r->moments, r->moments_count, sizeof *r->moments, moment_compare);
    return 0;
}

static void recording_finish(struct recording *r)
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&r->holds, &at, &key, &value))
        free(value);
    map_finish(&r->holds);
    map_finish(&r->skus);
    for (size_t i = 0; i < r->sku_count; i++)
        free(r->sku[i].id);
    free(r->sku);
    free(r->moments);
}

int command_estimate(int argc, char **argv)
{
    struct own_flag own[] = {
        {"at", "T1,T2,...", "the moments, in seconds since the start (required)", NULL},
        {"history", "A,B,...", "recordings of earlier broadcasts: accepted, and not used yet", NULL},
        {0},
    };
    struct config config;
    struct recording r = {0};
    if (command_wants_help(argc, argv)) {
        command_print_help(
            "estimate --at T1,T2,... < events.jsonl",
            "Prints one JSON object per SKU and one for all (\"*\") for each moment: units confirmed and open "
            "at it.\nEstimating what is still to come is not part of this version: every quantile equals "
            "confirmed + open,\nand \"kind\":\"observed\" says so.",
            own);
        return EXIT_SUCCESS;
    }
    if (!command_config_load(argc, argv, own, "", &config))
        return EXIT_SETTING;
    config_finish(&config);
    map_init(&r.skus, RECORDED_SKUS_MAX);
    map_init(&r.holds, RECORDED_HOLDS_MAX);
    int result = moments_parse(&r, own[0].value);
    bool asked_wrongly = result != 0;
    if (asked_wrongly)
        fputs("liveshelf estimate: --at wants 1 to 10000 numbers, such as --at 1800,3600\n", stderr);
    else if ((result = recording_read(&r, stdin)) == 0)
        moments_until(&r, 1e300);
    recording_finish(&r);
    return result == 0 ? EXIT_SUCCESS : asked_wrongly ? EXIT_SETTING : EXIT_FAILURE;
}
