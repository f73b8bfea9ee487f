#include "loadtest/scenario.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"

enum phase_kind {
    PHASE_START,
    PHASE_ALLOCATE,
    PHASE_PINS,
    PHASE_RESERVE,
    PHASE_DROP,
    PHASE_RETURN,
    PHASE_WAIT,
    PHASES
};

/* What each phase takes, for json_unpack: strict, so that a misspelt member is no silent default. */
static const char *const phase_names[PHASES] = {"start", "allocate", "pins", "reserve", "drop", "return", "wait"};

struct phase {
    enum phase_kind kind;
    const char *sku, *then; /* borrowed from the document */
    const char *skus[CROWD_SKUS_MAX];
    size_t skus_count;
    int units, qty, count, every_ms, seconds, within_ms, wait_ms, at_once;
    double per_second, share;
};

struct scenario {
    json_t *document;
    char name[64];
    double ramp;
    struct phase phases[SCENARIO_PHASES_MAX];
    size_t phases_count;
};

static enum result fault_say(struct scenario_fault *fault, const char *what, const char *detail)
{
    snprintf(fault->text, sizeof fault->text, "%.100s: %.140s", what, detail);
    return RESULT_MALFORMED;
}

static enum result skus_read(struct phase *p, json_t *skus)
{
    size_t count = json_array_size(skus);
    if (count == 0 || count > CROWD_SKUS_MAX)
        return RESULT_MALFORMED;
    for (size_t i = 0; i < count; i++) {
        p->skus[i] = json_string_value(json_array_get(skus, i));
        if (p->skus[i] == NULL)
            return RESULT_MALFORMED;
    }
    p->skus_count = count;
    return RESULT_OK;
}

static enum result members_read(struct phase *p, json_t *from, json_error_t *error)
{
    const char *word;
    json_t *skus = NULL;
    int bad = 0;
    p->qty = 1;
    p->then = "keep";
    switch (p->kind) {
    case PHASE_START:
        bad = json_unpack_ex(from, error, 0, "{s:s!}", "do", &word);
        break;
    case PHASE_ALLOCATE:
        bad = json_unpack_ex(from, error, 0, "{s:s,s:s,s:i!}", "do", &word, "sku", &p->sku, "units", &p->units);
        break;
    case PHASE_PINS:
        bad = json_unpack_ex(from, error, 0, "{s:s,s:o,s:i,s:i!}", "do", &word, "skus", &skus, "count", &p->count,
                             "every_ms", &p->every_ms);
        return bad != 0 ? RESULT_MALFORMED : skus_read(p, skus);
    case PHASE_RESERVE:
        bad = json_unpack_ex(from, error, 0, "{s:s,s:s,s:i,s?i,s?F,s?i,s?s!}", "do", &word, "sku", &p->sku, "seconds",
                             &p->seconds, "qty", &p->qty, "per_second", &p->per_second, "at_once", &p->at_once, "then",
                             &p->then);
        break;
    case PHASE_DROP:
        bad = json_unpack_ex(from, error, 0, "{s:s,s:F!}", "do", &word, "share", &p->share);
        break;
    case PHASE_RETURN:
        bad = json_unpack_ex(from, error, 0, "{s:s,s:i,s:i!}", "do", &word, "within_ms", &p->within_ms, "wait_ms",
                             &p->wait_ms);
        break;
    case PHASE_WAIT:
        bad = json_unpack_ex(from, error, 0, "{s:s,s:i!}", "do", &word, "ms", &p->wait_ms);
        break;
    case PHASES:
        bad = -1;
        break;
    }
    return bad != 0 ? RESULT_MALFORMED : RESULT_OK;
}

static enum result phase_read(struct phase *p, json_t *from, struct scenario_fault *fault)
{
    json_error_t error = {.text = ""};
    const char *word = json_string_value(json_object_get(from, "do"));
    p->kind = PHASES;
    for (int i = 0; word != NULL && i < PHASES; i++)
        if (strcmp(word, phase_names[i]) == 0)
            p->kind = (enum phase_kind)i;
    if (p->kind == PHASES)
        return fault_say(fault, "a phase does one of", "start allocate pins reserve drop return wait");
    if (members_read(p, from, &error) != RESULT_OK)
        return fault_say(fault, word, error.text);
    return RESULT_OK;
}

static enum result scenario_read(struct scenario *s, struct scenario_fault *fault)
{
    json_error_t error;
    const char *name;
    json_t *phases;
    if (json_unpack_ex(s->document, &error, 0, "{s:s,s:F,s:o!}", "name", &name, "ramp_per_second", &s->ramp, "phases",
                       &phases) != 0)
        return fault_say(fault, "the scenario", error.text);
    snprintf(s->name, sizeof s->name, "%s", name);
    s->phases_count = json_array_size(phases);
    if (s->ramp < 1 || s->phases_count == 0 || s->phases_count > SCENARIO_PHASES_MAX)
        return fault_say(fault, "the scenario", "1 to 100 phases, and a ramp of at least one a second");
    for (size_t i = 0; i < s->phases_count; i++)
        if (phase_read(&s->phases[i], json_array_get(phases, i), fault) != RESULT_OK)
            return RESULT_MALFORMED;
    return RESULT_OK;
}

enum result scenario_load(const char *file, struct scenario **ret, struct scenario_fault *ret_fault)
{
    json_error_t error;
    struct scenario *s = calloc(1, sizeof *s);
    MUST(s != NULL);
    s->document = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
    enum result result = s->document == NULL ? fault_say(ret_fault, file, error.text) : scenario_read(s, ret_fault);
    if (result != RESULT_OK) {
        scenario_destroy(s);
        return result;
    }
    *ret = s;
    return RESULT_OK;
}

void scenario_destroy(struct scenario *s)
{
    if (s == NULL)
        return;
    json_decref(s->document);
    free(s);
}

const char *scenario_name(const struct scenario *s) { return s->name; }
double scenario_ramp(const struct scenario *s) { return s->ramp; }

static bool start_play(struct crowd *c)
{
    (void)crowd_host_says(c, "{\"t\":\"start\",\"id\":\"x\",\"force\":true}");
    bool started = c->host_error[0] == '\0' || strcmp(c->host_error, "conflict") == 0; /* live already */
    if (started)
        c->first_trouble[0] = '\0';
    return started;
}

static bool phase_play(const struct phase *p, struct crowd *c)
{
    struct crowd_wishes wishes = {.sku = p->sku, .qty = (unsigned)p->qty, .per_second = p->per_second};
    switch (p->kind) {
    case PHASE_START:
        return start_play(c);
    case PHASE_ALLOCATE:
        return crowd_allocate(c, p->sku, p->units);
    case PHASE_PINS:
        return crowd_pins(c, p->skus, p->skus_count, (size_t)p->count, p->every_ms);
    case PHASE_RESERVE:
        wishes.then = strcmp(p->then, "release") == 0 ? THEN_RELEASE : THEN_KEEP;
        wishes.last_ms = (int64_t)p->seconds * 1000;
        wishes.at_once = p->at_once > 0 ? (size_t)p->at_once : c->config.viewers;
        crowd_reserve(c, &wishes);
        return true;
    case PHASE_DROP:
        crowd_drop(c, p->share);
        return true;
    case PHASE_RETURN:
        return crowd_return(c, p->within_ms, p->wait_ms);
    case PHASE_WAIT:
        crowd_wait(c, p->wait_ms);
        return true;
    case PHASES:
        break;
    }
    return false;
}

bool scenario_play(const struct scenario *s, struct crowd *c)
{
    for (size_t i = 0; i < s->phases_count; i++)
        if (!phase_play(&s->phases[i], c))
            return false;
    return true;
}
