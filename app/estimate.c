/* app/estimate.c - `liveshelf estimate`: what the estimator would have said of a recorded broadcast at given moments.
 *
 *   read_history       each earlier broadcast as the product would have lived through it: with what those before it taught, and
 *     judge            scored at the moments of estimate_moment_s by what it came to, so that widths and accuracy are learned
 *   read_judged        the recording on standard input, which is told nothing of what comes behind a moment
 *     print_moment     one line per SKU, one for all */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/recording.h"
#include "app/supervisor.h"
#include "logistics/rules/conformal.h"
#include "logistics/rules/prior.h"
#include "ws/wire/command_decode.h"

#define MOMENTS_MAX 10000
#define HISTORY_FILES_MAX 1000
#define PLAN_FILE_MAX (1 << 20)

struct backtest {
    double *moments; /* ascending */
    size_t moments_count;
    struct logistics_plan *logistics; /* NULL: the sites that the recordings name */
    struct digest *digests[HISTORY_FILES_MAX];
    size_t digests_count;
    uint64_t seed;
    bool seed_given; /* otherwise each recording's own, or 1 */
    struct fault fault;
};

/* ---- asked ---- */

static int moment_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static enum result moments_parse(struct backtest *b, const char *at)
{
    static const char wanted[] = "--at wants 1 to 10000 numbers, such as --at 1800,3600";
    b->moments = calloc(MOMENTS_MAX, sizeof *b->moments);
    if (b->moments == NULL)
        return fault_set(&b->fault, RESULT_NO_MEMORY, "no memory");
    while (at != NULL && *at != '\0' && b->moments_count < MOMENTS_MAX) {
        char *end;
        double t = strtod(at, &end);
        if (end == at || (*end != ',' && *end != '\0') || !(t >= 0 && t <= RECORDING_TIME_MAX_S))
            return fault_set(&b->fault, RESULT_MALFORMED, wanted);
        b->moments[b->moments_count++] = t;
        at = *end == ',' ? end + 1 : end;
    }
    if (b->moments_count == 0 || at == NULL || *at != '\0') /* none, or too many */
        return fault_set(&b->fault, RESULT_MALFORMED, wanted);
    qsort(b->moments, b->moments_count, sizeof *b->moments, moment_compare);
    return RESULT_OK;
}

static enum result seed_parse(struct backtest *b, const char *text)
{
    char *end = NULL;
    errno = 0;
    b->seed_given = text != NULL;
    b->seed = text == NULL ? 1 : strtoull(text, &end, 10);
    if (text != NULL && (end == text || *end != '\0' || *text == '-' || errno != 0))
        return fault_set(&b->fault, RESULT_MALFORMED, "--seed wants a whole number");
    return RESULT_OK;
}

/* The body of PUT /v1/logistics. */
static enum result plan_read(struct backtest *b, const char *name)
{
    FILE *from = name == NULL ? NULL : fopen(name, "r");
    if (name == NULL)
        return RESULT_OK;
    if (from == NULL)
        return fault_set(&b->fault, RESULT_MALFORMED, "%s: %s", name, strerror(errno));
    char *text = malloc(PLAN_FILE_MAX);
    size_t len = text == NULL ? 0 : fread(text, 1, PLAN_FILE_MAX, from);
    struct http_request_view put = {
        .method = "PUT", .path = "/v1/logistics", .content_type = "application/json", .body = text, .body_len = len};
    struct command command;
    struct decode_fault fault;
    enum result result = text == NULL ? RESULT_NO_MEMORY : request_decode(&put, &command, &fault);
    if (result == RESULT_OK) {
        b->logistics = command.plan;
        command.plan = NULL;
        command_finish(&command);
    } else {
        result = fault_set(&b->fault, RESULT_MALFORMED, "%s: %s: %s", name, fault.field, fault.detail);
    }
    free(text);
    fclose(from);
    return result;
}

/* ---- a recording, folded ---- */

struct replay {
    struct recording recording;
    struct prior *prior;
    struct estimator *estimator;
};

static void replay_close(struct replay *c)
{
    estimator_destroy(c->estimator);
    prior_destroy(c->prior);
    recording_close(&c->recording);
}

static enum result replay_fault(struct backtest *b, const struct replay *c, const char *name, enum result result)
{
    if (result == RESULT_MALFORMED && c->recording.why[0] != '\0')
        return fault_set(&b->fault, result, "%s%s%s", name, name[0] == '\0' ? "" : ": ", c->recording.why);
    return fault_set(&b->fault, result, "%s%sline %zu: %s", name, name[0] == '\0' ? "" : ": ", c->recording.line,
                     result_name(result));
}

static enum result replay_open(struct backtest *b, FILE *from, struct replay *ret)
{
    *ret = (struct replay){0};
    enum result result = recording_open(&ret->recording, from, b->logistics);
    if (result == RESULT_OK)
        result = prior_create((const struct digest *const *)b->digests, b->digests_count, &ret->prior);
    if (b->seed_given || ret->recording.plan.seed == 0)
        ret->recording.plan.seed = b->seed;
    return result == RESULT_OK ? estimator_create(&ret->recording.plan, ret->prior, &ret->estimator) : result;
}

/* What the estimator cannot count it flags; only memory stops us. */
static enum result replay_feed(struct replay *c, const struct sale_event *event)
{
    enum result result = estimator_feed(c->estimator, event);
    return result == RESULT_FULL ? RESULT_OK : result;
}

/* ---- earlier broadcasts ---- */

struct told { /* of all units, at each moment that the recording reached */
    struct spread units[ESTIMATE_MOMENTS];
    size_t count;
};

static enum result tell_until(struct replay *c, struct told *told, double t, double end_s)
{
    enum result result = RESULT_OK;
    double planned_s = c->recording.plan.planned_s;
    while (result == RESULT_OK && told->count < ESTIMATE_MOMENTS &&
           estimate_moment_s(told->count, planned_s, end_s) < t) {
        struct estimate estimate;
        result = estimator_estimate(c->estimator, estimate_moment_s(told->count, planned_s, end_s), &estimate);
        if (result == RESULT_OK) {
            told->units[told->count++] = estimate.loads[0].units;
            estimate_finish(&estimate);
        }
    }
    return result;
}

static enum result live_through(struct replay *c, struct told *told)
{
    struct sale_event event;
    double end_s = INFINITY, t = 0;
    enum result result;
    while ((result = recording_next(&c->recording, &event)) == RESULT_OK) {
        t = fmax(t, event.t);
        result = tell_until(c, told, t, end_s);
        if (event.kind == SALE_END && isinf(end_s))
            end_s = t;
        if (result == RESULT_OK)
            result = replay_feed(c, &event);
        if (result != RESULT_OK)
            return result;
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

static enum result judge(struct backtest *b, struct replay *c, const struct told *told)
{
    struct estimate truth;
    struct digest *digest;
    enum result result = estimator_estimate(c->estimator, RECORDING_TIME_MAX_S, &truth);
    if (result != RESULT_OK)
        return result;
    double shipped = (double)truth.loads[0].firm;
    estimate_finish(&truth);
    result = estimator_digest(c->estimator, &digest);
    if (result != RESULT_OK)
        return result;
    for (size_t i = 0; i < told->count; i++)
        digest_score(digest, i, &told->units[i], shipped);
    b->digests[b->digests_count++] = digest;
    return RESULT_OK;
}

static enum result history_read(struct backtest *b, const char *name)
{
    FILE *from = fopen(name, "r");
    if (from == NULL)
        return fault_set(&b->fault, RESULT_MALFORMED, "%s: %s", name, strerror(errno));
    struct replay c;
    struct told told = {0};
    enum result result = replay_open(b, from, &c);
    if (result == RESULT_OK)
        result = live_through(&c, &told);
    if (result == RESULT_OK)
        result = judge(b, &c, &told);
    if (result != RESULT_OK)
        result = replay_fault(b, &c, name, result);
    replay_close(&c);
    fclose(from);
    return result;
}

static enum result read_history(struct backtest *b, const char *names)
{
    enum result result = RESULT_OK;
    char *copy = names == NULL ? NULL : strdup(names), *rest = NULL;
    for (char *name = copy == NULL ? NULL : strtok_r(copy, ",", &rest); result == RESULT_OK && name != NULL;
         name = strtok_r(NULL, ",", &rest))
        result = b->digests_count < HISTORY_FILES_MAX
                     ? history_read(b, name)
                     : fault_set(&b->fault, RESULT_FULL, "--history takes at most %d files", HISTORY_FILES_MAX);
    free(copy);
    return result;
}

/* ---- printing ---- */

static const char *const quantile_names[ESTIMATE_QUANTILES] = {"q05", "q25", "q50", "q75", "q95"};

static void put(json_t *line, const char *name, json_t *value)
{
    MUST(value != NULL && json_object_set_new(line, name, value) == 0);
}

static json_t *number(double x) { return isnan(x) ? json_null() : json_real(rint(x * 100) / 100); }

static void put_spread(json_t *line, const char *prefix, const struct spread *s)
{
    char name[64];
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++) {
        snprintf(name, sizeof name, "%s%s", prefix, quantile_names[i]);
        put(line, name, number(isnan(s->mean) ? s->mean : s->q[i]));
    }
}

static json_t *spread_object(const struct spread *s)
{
    json_t *object = json_object();
    MUST(object != NULL);
    put(object, "mean", number(s->mean));
    put_spread(object, "", s);
    return object;
}

static json_t *flags_array(unsigned flags)
{
    json_t *array = json_array();
    MUST(array != NULL);
    for (unsigned i = 0; i < ESTIMATE_FLAGS; i++)
        if (flags & BIT(i))
            MUST(json_array_append_new(array, json_string(estimate_flag_name((enum estimate_flag)BIT(i)))) == 0);
    return array;
}

static void print_line(json_t *line)
{
    put(line, "kind", json_string("estimate"));
    json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
    putchar('\n');
    json_decref(line);
}

static json_t *line_of(double t, const char *sku, const struct spread *units, int64_t firm, int64_t held)
{
    json_t *line = json_object();
    MUST(line != NULL);
    put(line, "t", json_real(t));
    put(line, "sku", json_string(sku));
    put(line, "mean", number(units->mean));
    put_spread(line, "", units);
    put(line, "confirmed", json_integer(firm));
    put(line, "open", json_integer(held));
    return line;
}

/* Means by site, all waves together. */
static json_t *sites_of_sku(const struct estimate *e, const struct logistics_plan *plan, size_t sku)
{
    double units[SITES_MAX] = {0};
    for (size_t i = 0; i < e->cells_count; i++)
        if (e->cells[i].sku == sku && e->cells[i].site < SITES_MAX)
            units[e->cells[i].site] += e->cells[i].units.mean;
    json_t *sites = json_object();
    MUST(sites != NULL);
    for (size_t i = 0; i < plan->sites_count; i++)
        put(sites, plan->sites[i].id.text, number(units[i]));
    return sites;
}

static json_t *load_object(const struct estimate_load *l, const struct logistics_plan *plan)
{
    json_t *object = json_object();
    MUST(object != NULL);
    put(object, "site", json_string(logistics_site_name(plan, l->site)));
    put(object, "wave", json_string(logistics_wave_name(plan, l->wave)));
    put(object, "firm", json_integer(l->firm));
    put(object, "units", spread_object(&l->units));
    put(object, "parcels", spread_object(&l->parcels));
    put(object, "grams", isnan(l->grams.mean) ? json_null() : spread_object(&l->grams));
    put(object, "cm3", isnan(l->cm3.mean) ? json_null() : spread_object(&l->cm3));
    return object;
}

static void put_all_loads(json_t *line, const struct estimate *e, const struct logistics_plan *plan)
{
    json_t *loads = json_array(), *cartons = json_array();
    MUST(loads != NULL && cartons != NULL);
    for (size_t i = 1; i < e->loads_count; i++)
        MUST(json_array_append_new(loads, load_object(&e->loads[i], plan)) == 0);
    for (size_t i = 0; i < e->cartons_count; i++)
        MUST(json_array_append_new(cartons, json_pack("{ss so}", "carton", plan->cartons[e->cartons[i].carton].id.text,
                                                      "count", spread_object(&e->cartons[i].count))) == 0);
    put(line, "loads", loads);
    put(line, "cartons", cartons);
}

/* The plain name is the number to plan on, the median, as with units: a mean is pulled up by rare heavy replays. */
static void put_quantity(json_t *line, const char *name, const struct spread *s)
{
    char prefix[32];
    snprintf(prefix, sizeof prefix, "%s_", name);
    put(line, name, number(isnan(s->mean) ? s->mean : s->q[ESTIMATE_QUANTILES / 2]));
    put_spread(line, prefix, s);
}

static void print_total(double t, const struct estimate *e, const struct logistics_plan *plan, int64_t held)
{
    const struct estimate_load *all = &e->loads[0];
    json_t *line = line_of(t, "*", &all->units, all->firm, held);
    put_quantity(line, "parcels", &all->parcels);
    put_quantity(line, "grams", &all->grams);
    put_quantity(line, "cm3", &all->cm3);
    put(line, "suspect_holds", json_integer(e->suspect_holds));
    put(line, "phase", json_string(estimate_phase_name(e->phase)));
    put(line, "flags", flags_array(e->flags));
    put(line, "accuracy",
        json_pack("{sI so so}", "shows", (json_int_t)e->accuracy.shows, "off", number(e->accuracy.off), "covered",
                  number(e->accuracy.covered)));
    put_all_loads(line, e, plan);
    print_line(line);
}

static enum result print_moment(struct replay *c, double t)
{
    struct estimate e;
    enum result result = estimator_estimate(c->estimator, t, &e);
    if (result != RESULT_OK)
        return result;
    const struct logistics_plan *plan = &c->recording.logistics;
    int64_t held = 0;
    for (size_t i = 0; i < e.skus_count; i++) {
        const struct estimate_sku *s = &e.skus[i];
        json_t *line = line_of(t, s->sku.text, &s->units, s->firm, s->held);
        put(line, "lost", number(s->lost));
        put(line, "short_by", number(s->short_by));
        put(line, "wh", sites_of_sku(&e, plan, i));
        put(line, "flags", flags_array(s->flags));
        print_line(line);
        held += s->held;
    }
    print_total(t, &e, plan, held);
    estimate_finish(&e);
    return RESULT_OK;
}

/* ---- the judged one ---- */

static enum result read_events(struct backtest *b, struct replay *c)
{
    struct sale_event event;
    size_t done = 0;
    double t = 0;
    enum result result;
    while ((result = recording_next(&c->recording, &event)) == RESULT_OK) {
        t = fmax(t, event.t);
        while (result == RESULT_OK && done < b->moments_count && b->moments[done] < t)
            result = print_moment(c, b->moments[done++]);
        if (result == RESULT_OK)
            result = replay_feed(c, &event);
        if (result != RESULT_OK)
            return result;
    }
    if (result == RESULT_NOT_FOUND)
        result = RESULT_OK;
    while (result == RESULT_OK && done < b->moments_count)
        result = print_moment(c, b->moments[done++]);
    return result;
}

static enum result read_judged(struct backtest *b)
{
    struct replay c;
    enum result result = replay_open(b, stdin, &c);
    if (result == RESULT_OK)
        result = read_events(b, &c);
    if (result != RESULT_OK)
        result = replay_fault(b, &c, "", result);
    replay_close(&c);
    return result;
}

static void backtest_finish(struct backtest *b)
{
    for (size_t i = 0; i < b->digests_count; i++)
        digest_destroy(b->digests[i]);
    logistics_plan_finish(b->logistics);
    free(b->logistics);
    free(b->moments);
}

/* ---- the command ---- */

enum own_at { OWN_AT, OWN_HISTORY, OWN_LOGISTICS, OWN_SEED };

static bool is_asked_well(struct backtest *b, const struct own_flag *own)
{
    return moments_parse(b, own[OWN_AT].value) == RESULT_OK && seed_parse(b, own[OWN_SEED].value) == RESULT_OK &&
           plan_read(b, own[OWN_LOGISTICS].value) == RESULT_OK;
}

int command_estimate(int argc, char **argv)
{
    struct own_flag own[] = {
        [OWN_AT] = {"at", "T1,T2,...", "the moments, in seconds since the start (required)", NULL},
        [OWN_HISTORY] = {"history", "A,B,...", "recordings of earlier broadcasts, oldest first: what they teach", NULL},
        [OWN_LOGISTICS] = {"logistics", "FILE", "the shop's sites, waves and cartons, as PUT /v1/logistics takes them",
                           NULL},
        [OWN_SEED] = {"seed", "N",
                      "of the random draws (default: the recording's, or 1); the same seed prints the same numbers",
                      NULL},
        {0},
    };
    struct config config;
    if (command_wants_help(argc, argv)) {
        command_print_help(
            "estimate --at T1,T2,... < events.jsonl",
            "What was to be expected of a recorded broadcast (liveshelf ledger export --recording) at each "
            "moment:\none JSON object per SKU and one for all (\"*\") with units confirmed, open and the "
            "range that will finally\nship. Nothing recorded behind a moment is looked at for it.",
            own);
        return EXIT_SUCCESS;
    }
    if (!command_config_load(argc, argv, own, "", &config))
        return EXIT_SETTING;
    config_finish(&config);
    static struct backtest b; /* its digests' places are many */
    bool well = is_asked_well(&b, own);
    bool done = well && read_history(&b, own[OWN_HISTORY].value) == RESULT_OK && read_judged(&b) == RESULT_OK;
    if (!done)
        fprintf(stderr, "liveshelf estimate: %s\n", b.fault.text);
    backtest_finish(&b);
    return done ? EXIT_SUCCESS : well ? EXIT_FAILURE : EXIT_SETTING;
}
