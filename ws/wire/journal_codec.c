/* ws/wire/journal_codec.c
 *
 *   journal_encode   head, then the data of that kind
 *   journal_decode   the same by tables; spreads and points are lists of numbers */
#include "ws/wire/journal_codec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/wire/json_in.h"
#include "ws/wire/json_out.h"
#include "ws/wire/logistics_in.h"
#include "ws/wire/logistics_parts.h"

#define SPREAD_NUMBERS (1 + ESTIMATE_QUANTILES)
#define SPREAD_MAX 1e15

/* ---- out ---- */

static void put_number(struct json_out *o, double number)
{
    char text[40];
    if (!(fabs(number) < SPREAD_MAX)) { /* not known */
        json_put_null(o, NULL);
        return;
    }
    uint64_t thousandths = (uint64_t)(fabs(number) * 1000.0 + 0.5);
    int len = snprintf(text, sizeof text, "%s%llu.%03u", number < 0 && thousandths > 0 ? "-" : "",
                       (unsigned long long)(thousandths / 1000), (unsigned)(thousandths % 1000));
    json_put_raw(o, NULL, text, (size_t)len);
}

static void put_spread(struct json_out *o, const char *key, const struct spread *s)
{
    json_put_array(o, key);
    put_number(o, s->mean);
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++)
        put_number(o, s->q[i]);
    json_end_array(o);
}

static void put_begun_skus(struct json_out *o, const struct journal *j)
{
    json_put_array(o, "skus");
    for (size_t i = 0; i < j->u.begun.skus_count; i++) {
        const struct journal_sku *k = &j->u.begun.skus[i];
        json_put_object(o, NULL);
        json_put_text(o, "sku", k->sku.text);
        json_put_int(o, "available", k->available);
        json_put_uint(o, "g", k->grams);
        json_put_array(o, "mm");
        for (size_t m = 0; m < 3; m++)
            json_put_uint(o, NULL, k->size_mm[m]);
        json_end_array(o);
        json_end_object(o);
    }
    json_end_array(o);
}

static void put_begun(struct json_out *o, const struct journal *j)
{
    json_put_int(o, "start_ms", j->u.begun.start_ms);
    json_put_int(o, "planned_ms", j->u.begun.planned_ms);
    json_put_int(o, "hold_ms", j->u.begun.hold_ms);
    json_put_uint(o, "plan", j->u.begun.plan_seq);
    json_put_uint(o, "shop", j->u.begun.shop_seq);
    json_put_uint(o, "seed", j->u.begun.seed);
    json_put_text(o, "ledger", j->u.begun.ledger_id);
    json_put_array(o, "run");
    for (size_t i = 0; i < j->u.begun.run_count; i++) {
        json_put_object(o, NULL);
        json_put_int(o, "after_ms", j->u.begun.run[i].after_ms);
        json_put_text(o, "sku", j->u.begun.run[i].sku.text);
        json_end_object(o);
    }
    json_end_array(o);
    put_begun_skus(o, j);
}

static void put_tick(struct json_out *o, const struct journal *j)
{
    json_put_text(o, "ledger", j->u.tick.ledger_id);
    json_put_uint(o, "events", j->u.tick.event_seq);
    json_put_int(o, "audience", j->u.tick.audience);
}

static void put_estimate(struct json_out *o, const struct journal *j)
{
    json_put_uint(o, "tick", j->u.estimate.tick);
    json_put_int(o, "as_of_ms", j->u.estimate.as_of_ms);
    json_put_int(o, "firm", j->u.estimate.firm);
    put_spread(o, "units", &j->u.estimate.units);
    put_spread(o, "parcels", &j->u.estimate.parcels);
}

static void put_actuals(struct json_out *o, const struct journal *j)
{
    json_put_array(o, "actuals");
    for (size_t i = 0; i < j->u.actuals.count; i++)
        part_actual(o, &j->u.actuals.list[i]);
    json_end_array(o);
}

static void put_stamp(struct json_out *o, const struct journal *j)
{
    json_put_uint(o, "estimate", j->u.stamp.seq);
    json_put_text(o, "note", j->u.stamp.note);
    json_put_int(o, "firm", j->u.stamp.firm);
    put_spread(o, "units", &j->u.stamp.units);
    put_spread(o, "parcels", &j->u.stamp.parcels);
}

static void put_plan(struct json_out *o, const struct journal *j) { part_plan(o, j->u.plan); }

static void put_digest(struct json_out *o, const struct journal *j)
{
    json_put_text(o, "broadcast", j->u.digest.broadcast.text);
    json_put_text(o, "title", j->u.digest.title);
    json_put_int(o, "start_ms", j->u.digest.start_ms);
    json_put_int(o, "shipped", j->u.digest.shipped);
    json_put_text(o, "text", j->u.digest.text == NULL ? "" : j->u.digest.text);
    json_put_array(o, "points");
    for (size_t i = 0; i < j->u.digest.points_count; i++) {
        json_put_array(o, NULL);
        json_put_int(o, NULL, j->u.digest.points[i].s);
        json_put_int(o, NULL, j->u.digest.points[i].firm);
        json_end_array(o);
    }
    json_end_array(o);
}

static void put_hooks(struct json_out *o, const struct journal *j)
{
    const struct hook_replay *replay = &j->u.hooks.replay;
    json_put_array(o, "endpoints");
    for (size_t i = 0; i < j->u.hooks.count; i++)
        part_hook(o, &j->u.hooks.list[i], SECRETS_PLAIN);
    json_end_array(o);
    if (replay->endpoint[0] == '\0')
        return;
    json_put_object(o, "replay");
    json_put_text(o, "endpoint", replay->endpoint);
    if (!ID_IS_NONE(replay->broadcast))
        json_put_text(o, "broadcast", replay->broadcast.text);
    if (replay->message[0] != '\0')
        json_put_text(o, "message", replay->message);
    json_put_uint(o, "after_seq", replay->after_seq);
    json_end_object(o);
}

static void put_show(struct json_out *o, const struct journal *j)
{
    json_put_text(o, "shop", j->u.show.shop.text);
    json_put_text(o, "broadcast", j->u.show.broadcast.text);
}

enum result journal_encode(const struct journal *j, struct bytes *out)
{
    static void (*const puts[JOURNAL_KINDS])(struct json_out * o, const struct journal *j) = {
        [JOURNAL_BEGUN] = put_begun,     [JOURNAL_TICK] = put_tick,   [JOURNAL_ESTIMATE] = put_estimate,
        [JOURNAL_ACTUALS] = put_actuals, [JOURNAL_STAMP] = put_stamp, [JOURNAL_REWOUND] = put_tick,
        [JOURNAL_SETTLED] = put_tick,    [JOURNAL_PLAN] = put_plan,   [JOURNAL_DIGEST] = put_digest,
        [JOURNAL_HOOKS] = put_hooks,     [JOURNAL_OPENED] = put_show, [JOURNAL_CLOSED] = put_show,
    };
    struct json_out o;
    json_out_begin(&o, out);
    json_put_object(&o, NULL);
    json_put_text(&o, "t", journal_kind_name(j->kind));
    json_put_int(&o, "ms", j->ms);
    if (j->by[0] != '\0')
        json_put_text(&o, "by", j->by);
    json_put_object(&o, "d");
    puts[j->kind](&o, j);
    json_end_object(&o);
    json_end_object(&o);
    json_out_end(&o);
    return bytes_result(out);
}

/* ---- in: members that are no plain value ---- */

static enum result read_spread(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct spread *s = to;
    size_t count = 0;
    enum result result = read_list(in, value, at, SPREAD_NUMBERS, SPREAD_NUMBERS, &count);
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        const json_t *number = json_array_get(value, i);
        double *place = i == 0 ? &s->mean : &s->q[i - 1];
        if (!json_is_null(number) && !(json_is_number(number) && fabs(json_number_value(number)) < SPREAD_MAX))
            return fault_at(in, at, "must be numbers");
        *place = json_is_null(number) ? NAN : json_number_value(number);
    }
    return result;
}

static enum result read_sizes(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member size = {.kind = MEMBER_U32, .max = UINT32_MAX};
    uint32_t *sizes = to;
    size_t count = 0;
    enum result result = read_list(in, value, at, 3, 3, &count);
    for (size_t i = 0; result == RESULT_OK && i < count; i++)
        result = read_member(in, json_array_get(value, i), at, &size, &sizes[i]);
    return result;
}

/* clang-format off */
static const struct member sku_list[] = {
    NEEDS(struct journal_sku, "sku", ID, sku),
    NEEDS(struct journal_sku, "available", I64, available, .min = -STOCK_UNITS_MAX, .max = STOCK_UNITS_MAX),
    NEEDS(struct journal_sku, "g", U32, grams, .max = UINT32_MAX),
    NEEDS(struct journal_sku, "mm", READ, size_mm, .read = read_sizes),
};
static const struct members sku_members = MEMBERS(sku_list);
static const struct member pin_list[] = {
    NEEDS(struct journal_pin, "after_ms", I64, after_ms, .max = WHOLE_MAX),
    NEEDS(struct journal_pin, "sku", ID, sku),
};
static const struct members pin_members = MEMBERS(pin_list);
/* clang-format on */

/* Objects of `size` bytes each, at most `max`. On RESULT_OK *ret is the caller's, NULL for none. */
static enum result read_objects(struct json_in *in, const json_t *value, const struct place *at, size_t max,
                                const struct members *members, size_t size, void **ret, size_t *ret_count)
{
    size_t count = 0;
    enum result result = read_list(in, value, at, 0, max, &count);
    char *list = result == RESULT_OK && count > 0 ? calloc(count, size) : NULL;
    if (result != RESULT_OK || count == 0)
        return result;
    if (list == NULL)
        return RESULT_NO_MEMORY;
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        struct place here = {.in = at, .index = i};
        result = read_object(in, json_array_get(value, i), &here, members, list + i * size);
    }
    if (result != RESULT_OK) {
        free(list);
        return result;
    }
    *ret = list;
    *ret_count = count;
    return RESULT_OK;
}

static enum result read_run(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct journal *j = to;
    void *list = NULL;
    enum result result =
        read_objects(in, value, at, CUES_MAX, &pin_members, sizeof(struct journal_pin), &list, &j->u.begun.run_count);
    if (result == RESULT_OK)
        j->u.begun.run = list;
    return result;
}

static enum result read_skus(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct journal *j = to;
    void *list = NULL;
    enum result result = read_objects(in, value, at, SHELF_ITEMS_MAX, &sku_members, sizeof(struct journal_sku), &list,
                                      &j->u.begun.skus_count);
    if (result == RESULT_OK)
        j->u.begun.skus = list;
    return result;
}

static enum result read_actual_list(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct journal *j = to;
    return read_actuals(in, value, at, &j->u.actuals.list, &j->u.actuals.count);
}

static enum result read_endpoints(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct journal *j = to;
    return read_hooks(in, value, at, &j->u.hooks.list, &j->u.hooks.count);
}

static enum result read_points(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member number = {.kind = MEMBER_I64, .min = -WHOLE_MAX, .max = WHOLE_MAX};
    struct journal *j = to;
    size_t count = 0, pair = 0;
    enum result result = read_list(in, value, at, 0, JOURNAL_POINTS_MAX, &count);
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        const json_t *point = json_array_get(value, i);
        struct place here = {.in = at, .index = i};
        result = read_list(in, point, &here, 2, 2, &pair);
        if (result == RESULT_OK)
            result = read_member(in, json_array_get(point, 0), &here, &number, &j->u.digest.points[i].s);
        if (result == RESULT_OK)
            result = read_member(in, json_array_get(point, 1), &here, &number, &j->u.digest.points[i].firm);
    }
    if (result == RESULT_OK)
        j->u.digest.points_count = count;
    return result;
}

static enum result read_text(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct journal *j = to;
    size_t len = json_string_length(value);
    if (!json_is_string(value) || len > JOURNAL_DIGEST_MAX || strlen(json_string_value(value)) != len)
        return fault_at(in, at, "must be the text of a digest");
    j->u.digest.text = malloc(len + 1);
    if (j->u.digest.text == NULL)
        return RESULT_NO_MEMORY;
    memcpy(j->u.digest.text, json_string_value(value), len + 1);
    j->u.digest.text_len = len;
    return RESULT_OK;
}

/* clang-format off */
static const struct member begun_list[] = {
    NEEDS(struct journal, "start_ms", I64, u.begun.start_ms, .max = WHOLE_MAX),
    NEEDS(struct journal, "planned_ms", I64, u.begun.planned_ms, .min = 1, .max = WHOLE_MAX),
    NEEDS(struct journal, "hold_ms", I64, u.begun.hold_ms, .min = 1, .max = WHOLE_MAX),
    NEEDS(struct journal, "plan", U64, u.begun.plan_seq, .max = WHOLE_MAX),
    NEEDS(struct journal, "shop", U64, u.begun.shop_seq, .max = WHOLE_MAX),
    NEEDS(struct journal, "seed", U64, u.begun.seed, .max = WHOLE_MAX),
    NEEDS(struct journal, "ledger", TEXT, u.begun.ledger_id, .max = LEDGER_ID_LEN_MAX),
    {.name = "run", .kind = MEMBER_READ, .required = true, .read = read_run},
    {.name = "skus", .kind = MEMBER_READ, .required = true, .read = read_skus},
};
static const struct member tick_list[] = {
    NEEDS(struct journal, "ledger", TEXT, u.tick.ledger_id, .max = LEDGER_ID_LEN_MAX),
    NEEDS(struct journal, "events", U64, u.tick.event_seq, .max = WHOLE_MAX),
    NEEDS(struct journal, "audience", I64, u.tick.audience, .min = -1, .max = WHOLE_MAX),
};
static const struct member estimate_list[] = {
    NEEDS(struct journal, "tick", U64, u.estimate.tick, .max = WHOLE_MAX),
    NEEDS(struct journal, "as_of_ms", I64, u.estimate.as_of_ms, .max = WHOLE_MAX),
    NEEDS(struct journal, "firm", I64, u.estimate.firm, .min = -WHOLE_MAX, .max = WHOLE_MAX),
    NEEDS(struct journal, "units", READ, u.estimate.units, .read = read_spread),
    NEEDS(struct journal, "parcels", READ, u.estimate.parcels, .read = read_spread),
};
static const struct member actuals_list[] = {
    {.name = "actuals", .kind = MEMBER_READ, .required = true, .read = read_actual_list},
};
static const struct member stamp_list[] = {
    NEEDS(struct journal, "estimate", U64, u.stamp.seq, .max = WHOLE_MAX),
    NEEDS(struct journal, "note", TEXT, u.stamp.note, .max = NOTE_LEN_MAX),
    NEEDS(struct journal, "firm", I64, u.stamp.firm, .min = -WHOLE_MAX, .max = WHOLE_MAX),
    NEEDS(struct journal, "units", READ, u.stamp.units, .read = read_spread),
    NEEDS(struct journal, "parcels", READ, u.stamp.parcels, .read = read_spread),
};
static const struct member digest_list[] = {
    NEEDS(struct journal, "broadcast", ID, u.digest.broadcast),
    NEEDS(struct journal, "title", TEXT, u.digest.title, .max = TITLE_LEN_MAX),
    MAY(struct journal, "start_ms", I64, u.digest.start_ms, .min = 0, .max = WHOLE_MAX),
    NEEDS(struct journal, "shipped", I64, u.digest.shipped, .min = -WHOLE_MAX, .max = WHOLE_MAX),
    {.name = "text", .kind = MEMBER_READ, .required = true, .read = read_text},
    {.name = "points", .kind = MEMBER_READ, .required = true, .read = read_points},
};
static const struct member replay_list[] = {
    NEEDS(struct hook_replay, "endpoint", ID, endpoint),
    MAY(struct hook_replay, "broadcast", ID, broadcast),
    MAY(struct hook_replay, "message", ID, message),
    MAY(struct hook_replay, "after_seq", U64, after_seq, .max = WHOLE_MAX),
};
static const struct members replay_members = MEMBERS(replay_list);
static const struct member hooks_list[] = {
    {.name = "endpoints", .kind = MEMBER_READ, .required = true, .read = read_endpoints},
    MAY(struct journal, "replay", OBJECT, u.hooks.replay, .members = &replay_members),
};
static const struct member show_list[] = {
    NEEDS(struct journal, "shop", ID, u.show.shop),
    NEEDS(struct journal, "broadcast", ID, u.show.broadcast),
};
static const struct member head_list[] = {
    NEEDS(struct journal, "ms", I64, ms, .min = -WHOLE_MAX, .max = WHOLE_MAX),
    MAY(struct journal, "by", TEXT, by, .max = ID_LEN_MAX),
};
static const struct members head_members = MEMBERS(head_list);
static const struct members datas[JOURNAL_KINDS] = {
    [JOURNAL_BEGUN]    = MEMBERS(begun_list),
    [JOURNAL_TICK]     = MEMBERS(tick_list),
    [JOURNAL_ESTIMATE] = MEMBERS(estimate_list),
    [JOURNAL_ACTUALS]  = MEMBERS(actuals_list),
    [JOURNAL_STAMP]    = MEMBERS(stamp_list),
    [JOURNAL_REWOUND]  = MEMBERS(tick_list),
    [JOURNAL_SETTLED]  = MEMBERS(tick_list),
    [JOURNAL_DIGEST]   = MEMBERS(digest_list),
    [JOURNAL_HOOKS]    = MEMBERS(hooks_list),
    [JOURNAL_OPENED]   = MEMBERS(show_list),
    [JOURNAL_CLOSED]   = MEMBERS(show_list),
};
/* clang-format on */

/* ---- in: the whole ---- */

static enum result head_read(struct json_in *in, const json_t *entry, struct journal *j)
{
    const char *t = json_string_value(json_object_get(entry, "t"));
    for (unsigned kind = 0; t != NULL && kind < JOURNAL_KINDS; kind++) {
        if (strcmp(t, journal_kind_name((enum journal_kind)kind)) != 0)
            continue;
        j->kind = (enum journal_kind)kind;
        return read_object(in, entry, NULL, &head_members, j);
    }
    struct place at = {.member = "t"};
    return fault_at(in, &at, "is no kind of entry known here");
}

static enum result plan_read(struct json_in *in, const json_t *value, const struct place *at, struct journal *j)
{
    j->u.plan = calloc(1, sizeof *j->u.plan);
    return j->u.plan == NULL ? RESULT_NO_MEMORY : read_plan(in, value, at, j->u.plan);
}

enum result journal_decode(const char *data, size_t len, struct journal *ret)
{
    struct decode_fault fault = {0};
    struct json_in in = {.source = FROM_LOG, .fault = &fault};
    struct journal j = {0};
    json_t *entry = NULL;
    struct place at = {.member = "d"};
    enum result result = json_parse(&in, data, len, &entry);
    if (result == RESULT_OK)
        result = head_read(&in, entry, &j);
    const json_t *d = json_object_get(entry, "d");
    if (result == RESULT_OK && j.kind == JOURNAL_PLAN)
        result = plan_read(&in, d, &at, &j);
    else if (result == RESULT_OK)
        result = read_object(&in, d, &at, &datas[j.kind], &j);
    json_decref(entry);
    if (result != RESULT_OK) {
        journal_finish(&j);
        return result;
    }
    *ret = j;
    return RESULT_OK;
}
