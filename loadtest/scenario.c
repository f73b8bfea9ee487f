/* loadtest/scenario.c - reads a scenario by tables: one row per member, with its kind and range. */
#include "loadtest/scenario.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/must.h"

#define MEMBERS_MAX 16
#define DAY_MS 86400000.0

enum member_kind { NUMBER, RANGE, FLAG, TEXT, TEXTS, THEN };

struct member {
    const char *name;
    enum member_kind kind;
    size_t offset;
    double least, most; /* of a number; `most` of a text is its length */
    bool optional;
};

struct shape {
    const char *name; /* what "do" says */
    struct member members[MEMBERS_MAX];
};

#define AT(member) offsetof(struct phase, member)
#define SKU(m)                                                                                                         \
    {                                                                                                                  \
        "sku", TEXT, m, 1, 63, false                                                                                   \
    }

static const struct shape phase_shapes[PHASES] = {
    [PHASE_START] = {"start", {{0}}},
    [PHASE_ALLOCATE] = {"allocate", {SKU(AT(sku)), {"units", NUMBER, AT(units), 1, 1e9, false}}},
    [PHASE_STOCK] = {"stock", {SKU(AT(sku)), {"available", NUMBER, AT(available), 0, 1e9, false}}},
    [PHASE_PINS] = {"pins",
                    {{"skus", TEXTS, AT(skus), 1, 63, false},
                     {"count", NUMBER, AT(count), 1, 1e6, false},
                     {"every_ms", NUMBER, AT(every_ms), 0, DAY_MS, false}}},
    [PHASE_RESERVE] = {"reserve",
                       {SKU(AT(sku)),
                        {"seconds", NUMBER, AT(seconds), 0.001, 86400, false},
                        {"qty", NUMBER, AT(qty), 1, 1e6, true},
                        {"per_second", NUMBER, AT(per_second), 0, 1e6, true},
                        {"at_once", NUMBER, AT(at_once), 1, 1e6, true},
                        {"once", FLAG, AT(once), 0, 0, true},
                        {"then", THEN, AT(then), 0, 0, true}}},
    [PHASE_DROP] = {"drop",
                    {{"share", NUMBER, AT(share), 0, 1, false}, {"stay_away", FLAG, AT(stay_away), 0, 0, true}}},
    [PHASE_RETURN] = {"return",
                      {{"within_ms", NUMBER, AT(within_ms), 0, DAY_MS, false},
                       {"wait_ms", NUMBER, AT(wait_ms), 0, DAY_MS, false}}},
    [PHASE_SLOW] = {"slow",
                    {{"share", NUMBER, AT(share), 0, 1, false},
                     {"read_every_ms", NUMBER, AT(read_every_ms), 0, DAY_MS, true},
                     {"read_bytes", NUMBER, AT(read_bytes), 1, 1e6, true},
                     {"ping_every_ms", NUMBER, AT(ping_every_ms), 1, DAY_MS, true}}},
    [PHASE_JOIN] = {"join", {{"wait_ms", NUMBER, AT(wait_ms), 0, DAY_MS, false}}},
    [PHASE_WAIT] = {"wait", {{"ms", NUMBER, AT(ms), 0, DAY_MS, false}}},
    [PHASE_MARK] = {"mark", {{"text", TEXT, AT(text), 1, 60, false}}},
};

#undef AT
#define AT(member) offsetof(struct crowd_manner, member)

static const struct shape manner_shapes[] = {
    [MANNER_COME_AND_GO] = {"come_and_go",
                            {{"per_second", NUMBER, AT(per_second), 0, 1e5, false},
                             {"away_ms", RANGE, AT(away_ms), 0, DAY_MS, false}}},
    [MANNER_CLOCK] = {"clock",
                      {{"every_ms", NUMBER, AT(every_ms), 1, DAY_MS, false},
                       {"lag_ms", RANGE, AT(lag_ms), 0, DAY_MS, false}}},
    [MANNER_BUYERS] = {"buyers",
                       {{"share", NUMBER, AT(share), 0, 1, false},
                        {"lag_ms", RANGE, AT(lag_ms), 0, DAY_MS, false},
                        {"median_ms", NUMBER, AT(median_ms), 1, DAY_MS, false},
                        {"early_ms", NUMBER, AT(early_ms), 1, DAY_MS, false},
                        {"retries", NUMBER, AT(retries), 0, 1, true},
                        {"double_taps", NUMBER, AT(double_taps), 0, 1, true},
                        {"give_back", NUMBER, AT(give_back), 0, 1, false},
                        {"commit_ms", NUMBER, AT(commit_ms), 1, DAY_MS, false}}},
    [MANNER_RESERVE] = {"reserve",
                        {SKU(AT(wishes.sku)), {"per_second", NUMBER, AT(wishes.per_second), 0.001, 1e6, false}}},
};

/* ---- faults ---- */

struct place { /* where in the file: told with every fault */
    const char *file;
    char where[64];
    struct scenario_fault *fault;
};

static enum result fault_say(struct place *at, const char *format, ...) PRINTF_LIKE(2, 3);
static enum result fault_say(struct place *at, const char *format, ...)
{
    char what[200];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    snprintf(at->fault->text, sizeof at->fault->text, "%.100s: %s: %s", at->file, at->where, what);
    return RESULT_MALFORMED;
}

/* ---- members ---- */

static enum result number_get(struct place *at, const struct member *m, json_t *value, double *ret)
{
    double number = json_number_value(value);
    if (!json_is_number(value) || number < m->least || number > m->most)
        return fault_say(at, "%s: it takes a number from %g to %g", m->name, m->least, m->most);
    *ret = number;
    return RESULT_OK;
}

static enum result range_get(struct place *at, const struct member *m, json_t *value, double *ret)
{
    enum result result = json_array_size(value) == 2 ? RESULT_OK : RESULT_MALFORMED;
    for (size_t i = 0; i < 2 && result == RESULT_OK; i++)
        result = number_get(at, m, json_array_get(value, i), &ret[i]);
    if (result != RESULT_OK || ret[0] > ret[1])
        return fault_say(at, "%s: it takes [least, most], from %g to %g", m->name, m->least, m->most);
    return RESULT_OK;
}

static enum result text_get(struct place *at, const struct member *m, json_t *value, const char **ret)
{
    size_t len = json_string_length(value);
    const char *text = json_string_value(value);
    if (text == NULL || len == 0 || (double)len > m->most || strcspn(text, "\"\\") != len)
        return fault_say(at, "%s: it takes a text of 1 to %g characters without quotes", m->name, m->most);
    *ret = text;
    return RESULT_OK;
}

static enum result texts_get(struct place *at, const struct member *m, json_t *value, struct phase *p)
{
    size_t count = json_array_size(value);
    if (count == 0 || count > CROWD_SKUS_MAX)
        return fault_say(at, "%s: it takes a list of 1 to %d texts", m->name, CROWD_SKUS_MAX);
    for (size_t i = 0; i < count; i++)
        if (text_get(at, m, json_array_get(value, i), &p->skus[i]) != RESULT_OK)
            return RESULT_MALFORMED;
    p->skus_count = count;
    return RESULT_OK;
}

static enum result then_get(struct place *at, const struct member *m, json_t *value, const char **ret)
{
    const char *text = json_string_value(value);
    if (text == NULL || (strcmp(text, "keep") != 0 && strcmp(text, "release") != 0 && strcmp(text, "pay") != 0))
        return fault_say(at, "%s: it takes keep, release or pay", m->name);
    *ret = text;
    return RESULT_OK;
}

static enum result member_get(struct place *at, const struct member *m, json_t *value, char *to)
{
    void *place = to + m->offset;
    switch (m->kind) {
    case NUMBER:
        return number_get(at, m, value, place);
    case RANGE:
        return range_get(at, m, value, place);
    case FLAG:
        if (!json_is_boolean(value))
            return fault_say(at, "%s: it takes true or false", m->name);
        *(bool *)place = json_is_true(value);
        return RESULT_OK;
    case TEXT:
        return text_get(at, m, value, place);
    case TEXTS:
        return texts_get(at, m, value, (struct phase *)(void *)to);
    case THEN:
        return then_get(at, m, value, place);
    }
    return RESULT_MALFORMED;
}

static const struct member *member_find(const struct shape *shape, const char *name)
{
    for (const struct member *m = shape->members; m < shape->members + MEMBERS_MAX && m->name != NULL; m++)
        if (strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

static enum result members_read(struct place *at, const struct shape *shape, json_t *from, void *to)
{
    const char *name;
    json_t *value;
    json_object_foreach(from, name, value)
    {
        const struct member *m = member_find(shape, name);
        if (strcmp(name, "do") == 0)
            continue;
        if (m == NULL)
            return fault_say(at, "%.60s: there is no such member", name);
        if (member_get(at, m, value, to) != RESULT_OK)
            return RESULT_MALFORMED;
    }
    for (const struct member *m = shape->members; m < shape->members + MEMBERS_MAX && m->name != NULL; m++)
        if (!m->optional && json_object_get(from, m->name) == NULL)
            return fault_say(at, "%s: it is missing", m->name);
    return RESULT_OK;
}

/* Finds what "do" says among `shapes`, and says in `at` where we are. */
static enum result kind_read(struct place *at, const char *list, size_t number, const struct shape *shapes,
                             size_t count, json_t *from, size_t *ret_kind)
{
    char all[200] = "";
    const char *word = json_string_value(json_object_get(from, "do"));
    snprintf(at->where, sizeof at->where, "%s %zu", list, number);
    for (size_t i = 0; i < count; i++) {
        if (word != NULL && strcmp(word, shapes[i].name) == 0) {
            snprintf(at->where, sizeof at->where, "%s %zu (%s)", list, number, word);
            *ret_kind = i;
            return RESULT_OK;
        }
        snprintf(all + strlen(all), sizeof all - strlen(all), " %s", shapes[i].name);
    }
    return fault_say(at, "do: it takes one of%s", all);
}

/* ---- parts ---- */

/* Pinning what is pinned already is no event: nobody could wait for it. */
static enum result pins_check(struct place *at, const struct phase *p)
{
    for (size_t i = 0; i < p->skus_count && (double)i + 1 < p->count; i++)
        if (strcmp(p->skus[i], p->skus[(i + 1) % p->skus_count]) == 0)
            return fault_say(at, "skus: %.63s twice in a row would change nothing the second time", p->skus[i]);
    return RESULT_OK;
}

static enum result phases_read(struct place *at, struct scenario *s, json_t *phases)
{
    size_t count = json_array_size(phases), kind = 0;
    if (count == 0 || count > SCENARIO_PHASES_MAX)
        return fault_say(at, "phases: it takes a list of 1 to %d phases", SCENARIO_PHASES_MAX);
    for (size_t i = 0; i < count; i++) {
        struct phase *p = &s->phases[i];
        json_t *from = json_array_get(phases, i);
        if (kind_read(at, "phase", i + 1, phase_shapes, PHASES, from, &kind) != RESULT_OK)
            return RESULT_MALFORMED;
        *p = (struct phase){.kind = (enum phase_kind)kind,
                            .qty = 1,
                            .then = "keep",
                            .stay_away = true,
                            .read_bytes = 4096,
                            .ping_every_ms = 5000};
        if (members_read(at, &phase_shapes[kind], from, p) != RESULT_OK || pins_check(at, p) != RESULT_OK)
            return RESULT_MALFORMED;
        if (p->kind == PHASE_START || p->kind == PHASE_ALLOCATE || p->kind == PHASE_STOCK || p->kind == PHASE_PINS)
            s->needs_host = true;
    }
    s->phases_count = count;
    return RESULT_OK;
}

static enum result manners_read(struct place *at, struct scenario *s, json_t *list)
{
    size_t count = json_array_size(list), kind = 0;
    if (list != NULL && (!json_is_array(list) || count > CROWD_MANNERS_MAX))
        return fault_say(at, "while: it takes a list of at most %d", CROWD_MANNERS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct crowd_manner *m = &s->manners[i];
        json_t *from = json_array_get(list, i);
        if (kind_read(at, "while", i + 1, manner_shapes, ARRAY_LEN(manner_shapes), from, &kind) != RESULT_OK)
            return RESULT_MALFORMED;
        *m =
            (struct crowd_manner){.kind = (enum manner_kind)kind, .qty = 1, .wishes = {.qty = 1, .then = THEN_RELEASE}};
        if (members_read(at, &manner_shapes[kind], from, m) != RESULT_OK)
            return RESULT_MALFORMED;
        if (m->kind == MANNER_BUYERS && m->early_ms >= m->median_ms)
            return fault_say(at, "early_ms: it takes less than median_ms");
    }
    s->manners_count = count;
    return RESULT_OK;
}

static enum result bound_read(struct place *at, json_t *from, struct threshold *t)
{
    const char *name;
    json_t *value;
    json_object_foreach(from, name, value)
    {
        bool most = strcmp(name, "at_most") == 0, least = strcmp(name, "at_least") == 0;
        if ((most || least) && json_is_number(value)) {
            *(most ? &t->most : &t->least) = json_number_value(value);
            t->has_most |= most;
            t->has_least |= least;
        } else if (strcmp(name, "of") == 0 && json_string_length(value) > 0 &&
                   json_string_length(value) < RUN_NAME_MAX) {
            snprintf(t->of, sizeof t->of, "%s", json_string_value(value));
        } else {
            return fault_say(at, "%.60s: it takes at_most, at_least (numbers) and of (a figure)", name);
        }
    }
    return t->has_most || t->has_least ? RESULT_OK : fault_say(at, "it takes at_most or at_least");
}

static enum result thresholds_read(struct place *at, struct scenario *s, json_t *from)
{
    const char *name;
    json_t *value;
    if (from != NULL && (!json_is_object(from) || json_object_size(from) > RUN_THRESHOLDS_MAX))
        return fault_say(at, "thresholds: it takes an object of at most %d", RUN_THRESHOLDS_MAX);
    json_object_foreach(from, name, value)
    {
        struct threshold *t = &s->thresholds[s->thresholds_count++];
        snprintf(at->where, sizeof at->where, "thresholds: %.40s", name);
        snprintf(t->name, sizeof t->name, "%.63s", name);
        if (!number_is_known(name, s->phases_count))
            return fault_say(at, "there is no such figure");
        if (bound_read(at, value, t) != RESULT_OK)
            return RESULT_MALFORMED;
        if (t->of[0] != '\0' && !number_is_known(t->of, s->phases_count))
            return fault_say(at, "of: there is no such figure as %.60s", t->of);
    }
    return RESULT_OK;
}

/* "ramp":[{"share":0.4,"seconds":12},...]: the phases begin when those of the first step are there. */
static enum result ramp_read(struct place *at, struct scenario *s, json_t *ramp)
{
    static const struct shape shape = {"",
                                       {{"share", NUMBER, offsetof(struct crowd_step, share), 0.0001, 1, false},
                                        {"seconds", NUMBER, offsetof(struct crowd_step, seconds), 0, 86400, false}}};
    size_t count = json_array_size(ramp);
    double sum = 0;
    if (count == 0 || count > CROWD_RAMP_MAX)
        return fault_say(at, "ramp: it takes a list of 1 to %d steps", CROWD_RAMP_MAX);
    for (size_t i = 0; i < count; i++) {
        snprintf(at->where, sizeof at->where, "ramp %zu", i + 1);
        if (members_read(at, &shape, json_array_get(ramp, i), &s->ramp[i]) != RESULT_OK)
            return RESULT_MALFORMED;
        sum += s->ramp[i].share;
    }
    s->ramp_count = count;
    return sum > 0.999 && sum < 1.001 ? RESULT_OK : fault_say(at, "the shares add up to %g, not to 1", sum);
}

static enum result head_read(struct place *at, struct scenario *s)
{
    static const char *const known[] = {"name", "about", "ramp_per_second", "ramp", "phases", "while", "thresholds"};
    const char *name;
    json_t *value, *ramp = json_object_get(s->document, "ramp");
    static const struct member per_second = {"ramp_per_second", NUMBER, 0, 1, 1e6, false};
    static const struct member title = {"name", TEXT, 0, 1, 60, false};
    const char *text = "";
    json_object_foreach(s->document, name, value)
    {
        size_t i = 0;
        while (i < ARRAY_LEN(known) && strcmp(known[i], name) != 0)
            i++;
        if (i == ARRAY_LEN(known))
            return fault_say(at, "%.60s: there is no such member", name);
    }
    if (text_get(at, &title, json_object_get(s->document, "name"), &text) != RESULT_OK)
        return RESULT_MALFORMED;
    snprintf(s->name, sizeof s->name, "%s", text);
    if (ramp != NULL && json_object_get(s->document, "ramp_per_second") != NULL)
        return fault_say(at, "ramp: ramp_per_second says it already");
    return ramp != NULL
               ? ramp_read(at, s, ramp)
               : number_get(at, &per_second, json_object_get(s->document, "ramp_per_second"), &s->ramp_per_second);
}

static enum result document_read(struct place *at, json_t **ret)
{
    json_error_t error;
    struct stat about;
    FILE *file = fopen(at->file, "re");
    bool folder = file != NULL && fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode);
    if (file == NULL || folder) {
        snprintf(at->fault->text, sizeof at->fault->text, "--scenario: cannot read \"%.200s\": %s", at->file,
                 strerror(folder ? EISDIR : errno));
        if (file != NULL)
            fclose(file);
        return RESULT_MALFORMED;
    }
    *ret = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    return *ret == NULL ? fault_say(at, "line %d: %.120s", error.line, error.text) : RESULT_OK;
}

enum result scenario_load(const char *file, struct scenario **ret, struct scenario_fault *ret_fault)
{
    struct place at = {.file = file, .where = "the scenario", .fault = ret_fault};
    struct scenario *s = calloc(1, sizeof *s);
    if (s == NULL)
        return RESULT_NO_MEMORY;
    enum result result = document_read(&at, &s->document);
    if (result == RESULT_OK)
        result = json_is_object(s->document) ? head_read(&at, s) : fault_say(&at, "it takes one object");
    if (result == RESULT_OK)
        result = phases_read(&at, s, json_object_get(s->document, "phases"));
    if (result == RESULT_OK)
        result = manners_read(&at, s, json_object_get(s->document, "while"));
    if (result == RESULT_OK)
        result = thresholds_read(&at, s, json_object_get(s->document, "thresholds"));
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

/* ---- how long ---- */

static double phase_ms(const struct phase *p)
{
    switch (p->kind) {
    case PHASE_PINS:
        return p->count * p->every_ms;
    case PHASE_RESERVE:
        return p->once ? 0 : p->seconds * 1000;
    case PHASE_RETURN:
        return p->within_ms;
    case PHASE_WAIT:
        return p->ms;
    default:
        return 0;
    }
}

int64_t scenario_planned_ms(const struct scenario *s, size_t viewers)
{
    double ms = s->ramp_count > 0 ? s->ramp[0].seconds * 1000 : (double)viewers / s->ramp_per_second * 1000;
    for (size_t i = 0; i < s->phases_count; i++)
        ms += phase_ms(&s->phases[i]);
    return (int64_t)ms;
}
