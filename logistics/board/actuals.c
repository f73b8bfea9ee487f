/* logistics/board/actuals.c - what became of units, as the shop tells it: taken whole or not at all, and never more than there was.
 *
 *   actuals_post      waits until all that was sold is here; drops what was told before; orders become holds
 *     actual_fault      each against what its line has, and against what was sold of its SKU, less what was told of either already
 *   actuals_counted   of each that is in the log, on every node: for the bounds of the next
 *
 * A line's own numbers are the estimator's; what waits for a tick is looked through, which is what came in seconds. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/board/inner.h"

#define PARCELS_PER_UNIT_MAX 10
#define GRAMS_PER_UNIT_MAX 1000000

struct fault {
    enum error_code code;
    const char *member; /* of the element */
    char why[200];
};

/* ---- what was told ---- */

#define TOLD_KEY_MAX (2 * ID_LEN_MAX + 2)
static void told_key(char key[TOLD_KEY_MAX], const char *hold, const char *sku)
{
    snprintf(key, TOLD_KEY_MAX, "%s/%s", hold, sku);
}

static const struct told_units *told_of(const struct map *m, const char *hold, const char *sku)
{
    static const struct told_units none;
    char key[TOLD_KEY_MAX];
    told_key(key, hold, sku);
    const struct told_units *told = map_get(m, key);
    return told == NULL ? &none : told;
}

static void told_add(struct map *m, const char *hold, const struct actual *a)
{
    char key[TOLD_KEY_MAX];
    told_key(key, hold, a->sku.text);
    struct told_units *told = map_get(m, key);
    if (told == NULL) {
        told = calloc(1, sizeof *told);
        MUST(told != NULL);
        enum result result = map_set(m, key, told);
        MUST(result == RESULT_OK); /* twice BOARD_ACTUALS_MAX fit */
    }
    if (a->kind == ACTUAL_CANCELLED && told->units[ACTUAL_SHIPPED] > 0)
        told->too_late += a->units;
    told->units[a->kind] += a->units;
}

/* False: its line had shipped by then, so that it takes nothing away. */
bool actuals_counted(struct map *told, const struct actual *a)
{
    bool is_in_time =
        a->kind != ACTUAL_CANCELLED || told_of(told, a->hold.text, a->sku.text)->units[ACTUAL_SHIPPED] == 0;
    if (!ID_IS_NONE(a->hold))
        told_add(told, a->hold.text, a);
    told_add(told, "", a); /* of the SKU */
    return is_in_time;
}

void actuals_forget(struct map *told)
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(told, &at, &key, &value))
        free(value);
    map_finish(told);
    map_init(told, 2 * BOARD_ACTUALS_MAX);
}

/* ---- what there is ---- */

static bool is_of(const struct input *in, const char *hold, const char *sku)
{
    return strcmp(in->text, hold) == 0 && (sku == NULL || strcmp(in->text + in->sku, sku) == 0);
}

/* `sku` NULL: any of the hold. False: there is no such line. */
static bool line_of(const struct board_show *s, const char *hold, const char *sku, struct estimator_line *ret)
{
    bool found = estimator_line(s->tally.estimator, hold, sku, ret);
    list_for_each (link, &s->tally.ledger) {
        const struct input *in = container_of(link, const struct input, link);
        bool is_paid = in->kind == INPUT_CONFIRM || in->kind == INPUT_RETAKEN;
        if ((in->kind != INPUT_HOLD && !is_paid) || !is_of(in, hold, sku))
            continue;
        *ret = (struct estimator_line){.units = in->units, .is_paid = is_paid || (found && ret->is_paid)};
        found = true;
    }
    list_for_each (link, &s->tally.actuals) {
        const struct input *in = container_of(link, const struct input, link);
        if (found && in->kind == INPUT_CANCEL && is_of(in, hold, sku))
            ret->units -= in->units < ret->units ? in->units : ret->units;
    }
    return found;
}

/* ---- each of them ---- */

__attribute__((format(printf, 4, 5))) static bool fault_set(struct fault *f, enum error_code code, const char *member,
                                                            const char *why, ...)
{
    va_list args;
    f->code = code;
    f->member = member;
    va_start(args, why);
    vsnprintf(f->why, sizeof f->why, why, args);
    va_end(args);
    return false;
}

/* The hold of an order is written instead of it, so that nobody else needs to know orders. */
static bool actual_resolve(const struct board_show *s, struct actual *a, struct fault *f)
{
    if (s->is_closed) /* its orders are forgotten */
        return true;
    const char *hold = a->order[0] == '\0' || !ID_IS_NONE(a->hold) ? NULL : map_get(&s->orders, a->order);
    if (hold != NULL && ID_PARSE(&a->hold, hold, strlen(hold)) == RESULT_OK)
        return true;
    if (ID_IS_NONE(a->hold) && a->order[0] != '\0')
        return fault_set(f, ERROR_HOLD_UNKNOWN, "order", "is not known in this broadcast");
    return true;
}

static bool site_is_known(const struct logistics_plan *plan, const struct site_id *site)
{
    for (size_t i = 0; plan != NULL && i < plan->sites_count; i++)
        if (ID_EQUAL(plan->sites[i].id, *site))
            return true;
    return false;
}

static bool measures_hold(const struct board_show *s, const struct actual *a, struct fault *f)
{
    if (!ID_IS_NONE(a->site) && !site_is_known(s->shop->plan, &a->site))
        return fault_set(f, ERROR_BAD_REQUEST, "site", "is not a site of the plan");
    if (a->parcels > a->units * PARCELS_PER_UNIT_MAX)
        return fault_set(f, ERROR_BAD_REQUEST, "parcels", "must not be more than %d for each unit",
                         PARCELS_PER_UNIT_MAX);
    if (a->grams > a->units * GRAMS_PER_UNIT_MAX)
        return fault_set(f, ERROR_BAD_REQUEST, "grams", "must not be more than %d for each unit", GRAMS_PER_UNIT_MAX);
    return true;
}

static bool line_holds(const struct board_show *s, const struct map *now, const struct actual *a, struct fault *f)
{
    const char *by = a->order[0] != '\0' ? "order" : "hold";
    struct estimator_line line, any;
    if (!line_of(s, a->hold.text, a->sku.text, &line)) {
        if (s->tally.is_cut) /* sold before what the ledger still has */
            return true;
        return line_of(s, a->hold.text, NULL, &any)
                   ? fault_set(f, ERROR_BAD_REQUEST, "sku", "is not in this hold")
                   : fault_set(f, ERROR_HOLD_UNKNOWN, by, "is not known in this broadcast");
    }
    if (!line.is_paid)
        return fault_set(f, ERROR_CONFLICT, by, "was never paid");
    const struct told_units *told = told_of(&s->told_units, a->hold.text, a->sku.text),
                            *asked = told_of(now, a->hold.text, a->sku.text);
    int64_t left = line.units - told->too_late - asked->units[ACTUAL_CANCELLED];
    if (a->kind == ACTUAL_RETURNED)
        left -= told->units[ACTUAL_RETURNED] + asked->units[ACTUAL_RETURNED];
    else
        left -= told->units[ACTUAL_SHIPPED] + asked->units[ACTUAL_SHIPPED];
    if (a->units > left)
        return fault_set(f, ERROR_BAD_REQUEST, "units",
                         "%lld is more than the %lld there can be: that many of this hold were not %s yet",
                         (long long)a->units, (long long)(left > 0 ? left : 0),
                         a->kind == ACTUAL_RETURNED ? "returned or cancelled" : "shipped or cancelled");
    return true;
}

static bool sku_holds(const struct board_show *s, const struct map *now, const struct actual *a, struct fault *f)
{
    const struct volume_row *row = volume_row(&s->volume, a->sku.text);
    int64_t sold = row == NULL ? 0 : row->confirmed;
    int64_t told =
        told_of(&s->told_units, "", a->sku.text)->units[a->kind] + told_of(now, "", a->sku.text)->units[a->kind];
    bool is_cut = s->is_closed ? s->shop->is_cut : s->tally.is_cut;
    if (is_cut || a->units <= sold - told)
        return true;
    return fault_set(f, ERROR_BAD_REQUEST, "units",
                     "%lld and the %lld told before are more than the %lld that were sold", (long long)a->units,
                     (long long)told, (long long)sold);
}

/* ---- all of them ---- */

static void actuals_written(struct book_wish *wish)
{
    struct ask *a = wish->ctx;
    if (!ask_written(a, wish))
        return;
    struct outcome outcome = {.kind = OUTCOME_ACTUALS};
    outcome.actuals.taken = a->taken;
    outcome.actuals.repeated = a->repeated;
    ask_end(a, &outcome);
}

/* Those that are new, to the front. False: none of them is taken, and `f` says why. */
static bool actuals_check(struct ask *a, struct fault *f, size_t *ret_index)
{
    const struct board_show *s = a->show;
    struct command *c = a->ask.command;
    struct map now = {0};
    bool fine = true;
    map_init(&now, 2 * BOARD_ACTUALS_MAX);
    for (size_t i = 0; fine && i < c->actuals_count; i++) {
        struct actual *actual = &c->actuals[i];
        *ret_index = i;
        if (map_get(&s->actual_ids, actual->id) != NULL) {
            a->repeated++;
            continue;
        }
        fine = actual_resolve(s, actual, f) && measures_hold(s, actual, f) &&
               (s->is_closed || ID_IS_NONE(actual->hold) || line_holds(s, &now, actual, f)) &&
               sku_holds(s, &now, actual, f);
        if (!fine)
            break;
        actuals_counted(&now, actual);
        if (actual->ms == 0)
            actual->ms = board_now(a->shop->b);
        c->actuals[a->taken++] = *actual;
    }
    actuals_forget(&now);
    map_finish(&now);
    return fine;
}

/* False: it is closed, and nothing of this changes what is firm: that is checked against what was sold, and by itself no reason to
 * read the ledger again. */
static bool must_be_folded(const struct ask *a)
{
    const struct command *c = a->ask.command;
    bool cancels = false;
    for (size_t i = 0; i < c->actuals_count; i++)
        cancels = cancels ||
                  (c->actuals[i].kind == ACTUAL_CANCELLED && map_get(&a->show->actual_ids, c->actuals[i].id) == NULL);
    return cancels || !a->show->is_closed;
}

void actuals_post(struct ask *a)
{
    struct board_show *s = a->show;
    struct command *c = a->ask.command;
    struct journal j = {.kind = JOURNAL_ACTUALS};
    struct fault fault;
    char field[64];
    size_t at = 0;
    if (s->is_closed && s->settled_seq == 0) {
        ask_refuse(a, ERROR_UNAVAILABLE, "", "It is not estimated.");
        return;
    }
    if (!tally_is_current(s) && must_be_folded(a)) {
        ask_wait(a);
        settle_open(s);
        return;
    }
    if (!actuals_check(a, &fault, &at)) {
        snprintf(field, sizeof field, "actuals[%zu].%s", at, fault.member);
        ask_refuse(a, fault.code, field, fault.why);
        return;
    }
    j.u.actuals.list = c->actuals;
    j.u.actuals.count = a->taken;
    if (a->taken == 0) {
        struct outcome outcome = {.kind = OUTCOME_ACTUALS};
        outcome.actuals.repeated = a->repeated;
        ask_end(a, &outcome);
    } else if (s->actual_ids.count + a->taken > BOARD_ACTUALS_MAX) {
        ask_refuse(a, ERROR_TOO_LARGE, "actuals", "More than can be kept of one broadcast.");
    } else {
        ask_write(a, &s->book, &j, actuals_written);
    }
}
