/* core/orchestrator/restore.c - a fail-over lost the end of the ledger: what this node vouches for is put back before anything
 * is sold.
 *
 *   restore_begin        all is read again; what was lost is known (vouched.c)
 *     restore_window     asked again in its order, a call's worth at a time; silence: the window once more
 *     restore_answered
 *   RESTORE_GRACE        other nodes put back what only they vouch for. So also after every reconnect, though this node missed
 *                        nothing: its own place in the ledger may have survived where another's did not
 *     restore_window     what found no units the first time, once more; and only now the lines: a place taken again may be
 *                        offered units at once, which must be free, and under a number that must not be another's
 *   restore_folded       this node has read what it wrote: selling goes on
 *
 * Every node does the same at the same time. Holds, payments and refs are the same again under their ids; what another node put
 * back already is seen in the ledger and not asked. */
#include "core/orchestrator/journeys.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define RESTORE_TTL_MIN_MS 1000 /* of a hold whose time is over, but that was paid or is to be ended in order */
#define RESTORE_FOLD_MS 3000 /* to wait for the fold of what was written; then it is sold all the same: it is there */

static void restore_window(struct shop *shop);
static void restore_answered(struct own_ask *own);
static void restore_window_over(struct shop *shop);
static void restore_pass_over(struct shop *shop);
static void restore_fold(struct shop *shop);
static void restore_end(struct shop *shop);
static void restore_fired(struct clock_timer *timer);

bool restore_is_under_way(const struct shop *shop) { return shop->keeping.restore.step != RESTORE_NONE; }

static void restore_wait(struct shop *shop, int64_t ms)
{
    struct clock *clock = shop->o->config.clock;
    shop->keeping.restore.timer.fire = restore_fired;
    clock->start(clock, &shop->keeping.restore.timer, ms);
}

void restore_begin(struct shop *shop, bool rewound)
{
    struct restore *r = &shop->keeping.restore;
    struct vouching *v = &shop->keeping.vouching;
    size_t asked = 0;
    for (size_t i = 0; i < v->lost_count; i++)
        asked += !v->lost[i]->done;
    log_write(rewound || asked > 0 ? LOG_WARN : LOG_INFO, "restore.begin", "shop=%s entry=%s lost=%zu to_ask=%zu",
              shop->id.text, shop->claims.ledger_id, v->lost_count, asked);
    struct restore begun = {
        .missed = rewound, .step = RESTORE_ASKING, .number = r->number + 1, .began_ms = orchestrator_now(shop->o)};
    begun.timer = r->timer;
    *r = begun;
    restore_window(shop);
}

/* ---- is it so already? ---- */

static bool hold_is_so(const struct shop *shop, const struct vouched *record, const struct hold *hold)
{
    const struct hold *known = claims_hold(&shop->claims, hold->id.text);
    switch (record->kind) {
    case MOVE_RESERVED:
    case MOVE_OFFERED:
        return known != NULL;
    case MOVE_EXTENDED:
        return known == NULL || known->state != HOLD_HELD ||
               claims_expires_ms(&shop->claims, known, orchestrator_now(shop->o)) >= record->expires_ms;
    case MOVE_CONFIRMED:
    case MOVE_RETAKEN:
        return known != NULL && known->state == HOLD_CONFIRMED;
    case MOVE_EXPIRED:
        return true; /* it does so by itself */
    default:
        return known == NULL;
    }
}

/* In line again, or offered since. */
static bool line_is_so(const struct shop *shop, const struct vouched *record, const struct hold *hold)
{
    const struct hold *held[32];
    const char *sku = vouched_sku(record), *viewer = hold->viewer.text;
    bool in_line = claims_ahead(&shop->claims, sku, viewer) >= 0;
    if (record->kind == MOVE_LEFT)
        return !in_line;
    size_t count = claims_of_viewer(&shop->claims, viewer, held, ARRAY_LEN(held));
    for (size_t i = 0; !in_line && i < count; i++)
        in_line = held[i]->state == HOLD_HELD && held[i]->offer && id_equal(held[i]->lines[0].sku.text, sku);
    return in_line;
}

static bool stock_is_so(const struct shop *shop, const struct vouched *record)
{
    static const struct stock_count none;
    const struct claim_sku *sku = claims_sku(&shop->claims, vouched_sku(record));
    const struct stock_count *now = sku == NULL ? &none : &sku->count;
    switch (record->kind) {
    case MOVE_SYNCED:
        return now->version >= record->version;
    case MOVE_STOPPED:
    case MOVE_OPENED:
        return now->stopped == (record->kind == MOVE_STOPPED);
    case MOVE_LIMIT:
        return now->limit_per_viewer == record->units;
    case MOVE_RECALL:
        return now->recall == record->recall;
    case MOVE_ALLOCATED:
    case MOVE_WITHDRAWN:
        return false; /* the ref knows */
    default:
        return true; /* clocks and buffers follow by themselves */
    }
}

/* ---- asked again ---- */

/* Told by the ledger alone, a place in line has no price: it is the shelf's now. */
static bool line_complete(struct shop *shop, const struct vouched *record, struct hold *hold)
{
    size_t at = 0;
    const char *key;
    void *value;
    if (hold->lines_count > 0)
        return true;
    while (map_next(&shop->shows, &at, &key, &value)) {
        const struct show *show = value;
        const struct shelf_item *item = broadcast_item(&show->b, vouched_sku(record));
        if (item == NULL || item->price.version == 0)
            continue;
        hold->broadcast = show->b.id;
        memcpy(hold->currency, item->price.money.currency, sizeof hold->currency);
        hold->lines_count = 1;
        hold->lines[0] = (struct line){.sku = item->sku,
                                       .units = (uint32_t)record->units,
                                       .unit_minor = item->price.money.minor,
                                       .price_version = item->price.version};
        return true;
    }
    return false;
}

static void ask_fill(struct shop *shop, const struct vouched *record, struct inventory_request *ask)
{
    static const enum inventory_op ops[MOVE_KINDS] = {
        [MOVE_RESERVED] = INVENTORY_RESERVE,    [MOVE_OFFERED] = INVENTORY_RESERVE,
        [MOVE_EXTENDED] = INVENTORY_EXTEND,     [MOVE_CONFIRMED] = INVENTORY_CONFIRM,
        [MOVE_RETAKEN] = INVENTORY_CONFIRM,     [MOVE_VOIDED] = INVENTORY_RELEASE,
        [MOVE_RELEASED] = INVENTORY_RELEASE,    [MOVE_RECALLED] = INVENTORY_RELEASE,
        [MOVE_ALLOCATED] = INVENTORY_ALLOCATE,  [MOVE_WITHDRAWN] = INVENTORY_WITHDRAW,
        [MOVE_SYNCED] = INVENTORY_SYNC,         [MOVE_STOPPED] = INVENTORY_STOP,
        [MOVE_OPENED] = INVENTORY_OPEN,         [MOVE_LIMIT] = INVENTORY_LIMIT,
        [MOVE_RECALL] = INVENTORY_RECALL,       [MOVE_WAITING] = INVENTORY_WAITLIST_JOIN,
        [MOVE_LEFT] = INVENTORY_WAITLIST_LEAVE,
    };
    int64_t left_ms = record->expires_ms - orchestrator_now(shop->o);
    ask->op = ops[record->kind];
    vouched_hold(record, &ask->hold);
    text_keep(ask->sku.text, sizeof ask->sku.text, vouched_sku(record));
    text_keep(ask->ref, sizeof ask->ref, vouched_ref(record));
    ask->units = record->units;
    ask->gone = record->gone;
    ask->version = record->version;
    ask->counted_ms = record->counted_ms;
    ask->recall = record->recall;
    ask->ttl_ms = left_ms > RESTORE_TTL_MIN_MS ? left_ms : RESTORE_TTL_MIN_MS;
    ask->restores = ask->op == INVENTORY_RESERVE || ask->op == INVENTORY_CONFIRM;
    if (ask->op == INVENTORY_CONFIRM) {
        ask->amount.minor = hold_total_minor(&ask->hold);
        memcpy(ask->amount.currency, ask->hold.currency, sizeof ask->amount.currency);
        memcpy(ask->ref, ask->hold.order, sizeof ask->ref);
    }
    if (ask->op == INVENTORY_RELEASE)
        ask->hold.viewer = (struct viewer_id){0}; /* on behalf of the shop */
    if (record->kind == MOVE_WAITING)
        ask->ttl_ms = record->ttl_ms > 0 ? record->ttl_ms : shop->o->config.limits.offer_ms;
    if (record->kind == MOVE_LEFT && ask->hold.lines_count == 0) {
        ask->hold.lines_count = 1;
        ask->hold.lines[0].sku = ask->sku;
    }
}

static bool record_is_so(const struct shop *shop, const struct vouched *record)
{
    struct hold hold;
    vouched_hold(record, &hold);
    if (movement_is_of_hold(record->kind))
        return hold_is_so(shop, record, &hold);
    if (movement_is_of_line(record->kind))
        return line_is_so(shop, record, &hold);
    return stock_is_so(shop, record);
}

static void record_ask(struct shop *shop, size_t at)
{
    struct restore *r = &shop->keeping.restore;
    struct vouched *record = shop->keeping.vouching.lost[at];
    struct own_ask *own = own_ask_take(shop, INVENTORY_HOLD_GET, restore_answered);
    if (own == NULL) {
        r->silent = true; /* once more, when there is memory */
        return;
    }
    ask_fill(shop, record, &own->ask);
    own->at = at;
    own->of = r->number;
    if (record->kind == MOVE_WAITING)
        (void)line_complete(shop, record, &own->ask.hold); /* without a price: refused, and counted as failed */
    r->under_way++;
    own_ask_go(own);
}

static void restore_window(struct shop *shop)
{
    struct restore *r = &shop->keeping.restore;
    struct vouching *v = &shop->keeping.vouching;
    r->silent = false;
    r->next = r->at;
    for (size_t asked = 0; asked < RESTORE_WINDOW && r->next < v->lost_count; r->next++) {
        struct vouched *record = v->lost[r->next];
        record->done = record->done || record_is_so(shop, record);
        if (record->done || (movement_is_of_line(record->kind) && r->step == RESTORE_ASKING))
            continue;
        record_ask(shop, r->next);
        asked++;
    }
    if (r->under_way == 0)
        restore_window_over(shop);
}

static bool answer_puts_back(const struct inventory_request *ask)
{
    switch (ask->answer) {
    case INVENTORY_DONE:
    case INVENTORY_REPLAYED:
    case INVENTORY_LATE:
    case INVENTORY_IGNORED:
        return true;
    case INVENTORY_HOLD_UNKNOWN:
    case INVENTORY_HOLD_EXPIRED:
    case INVENTORY_HOLD_RELEASED:
        return ask->op == INVENTORY_RELEASE || ask->op == INVENTORY_EXTEND;
    case INVENTORY_HOLD_CONFIRMED:
        return ask->op == INVENTORY_EXTEND;
    case INVENTORY_EXTENDS_USED:
        return true;
    case INVENTORY_RECALLED:
        return ask->op == INVENTORY_OPEN;
    default:
        return false;
    }
}

static void restore_answered(struct own_ask *own)
{
    struct shop *shop = own->shop;
    struct restore *r = &shop->keeping.restore;
    if (own->of != r->number || r->step == RESTORE_NONE)
        return;
    struct vouched *record = shop->keeping.vouching.lost[own->at];
    r->under_way--;
    record->answer = own->ask.answer;
    if (own->ask.result != RESULT_OK) {
        r->silent = true;
    } else if (answer_puts_back(&own->ask)) {
        bool written = own->ask.ledger_id[0] != '\0' && ledger_id_order(own->ask.ledger_id, r->ledger_id) > 0;
        record->done = true;
        r->restored += own->ask.answer != INVENTORY_REPLAYED && own->ask.answer != INVENTORY_IGNORED;
        if (written)
            memcpy(r->ledger_id, own->ask.ledger_id, sizeof r->ledger_id);
    }
    if (r->under_way == 0)
        restore_window_over(shop);
}

static void restore_window_over(struct shop *shop)
{
    struct restore *r = &shop->keeping.restore;
    if (r->silent) {
        restore_wait(shop, RESTORE_AGAIN_MS);
        return;
    }
    r->at = r->next;
    if (r->at < shop->keeping.vouching.lost_count)
        restore_wait(shop, 0); /* not from inside an answer */
    else
        restore_pass_over(shop);
}

static void restore_pass_over(struct shop *shop)
{
    struct restore *r = &shop->keeping.restore;
    if (r->step != RESTORE_ASKING) {
        restore_fold(shop);
        return;
    }
    r->step = RESTORE_GRACE;
    restore_wait(shop, r->missed || shop->keeping.vouching.lost_count > 0 ? RESTORE_GRACE_MS : RECONNECT_GRACE_MS);
}

static void restore_fired(struct clock_timer *timer)
{
    struct shop *shop = container_of(timer, struct shop, keeping.restore.timer);
    struct restore *r = &shop->keeping.restore;
    switch (r->step) {
    case RESTORE_NONE:
        return;
    case RESTORE_GRACE:
        r->step = RESTORE_ASKING_AGAIN;
        r->at = 0;
        restore_window(shop);
        return;
    case RESTORE_ASKING:
    case RESTORE_ASKING_AGAIN:
        restore_window(shop);
        return;
    case RESTORE_FOLDING:
        restore_end(shop);
        return;
    }
}

/* ---- over ---- */

static void restore_fold(struct shop *shop)
{
    shop->keeping.restore.step = RESTORE_FOLDING;
    restore_wait(shop, ledger_is_folded(shop, shop->keeping.restore.ledger_id) ? 0 : RESTORE_FOLD_MS);
}

/* A newer word about the same thing is not undone by what was said before the loss. */
static void lost_supersede(struct vouching *v, const struct movement *m)
{
    if (m->kind != MOVE_STOPPED && m->kind != MOVE_OPENED && m->kind != MOVE_LIMIT && m->kind != MOVE_RECALL)
        return;
    for (size_t i = 0; i < v->lost_count; i++) {
        enum movement_kind kind = v->lost[i]->kind;
        bool same = kind == m->kind || (kind == MOVE_STOPPED && m->kind == MOVE_OPENED) ||
                    (kind == MOVE_OPENED && m->kind == MOVE_STOPPED);
        if (same && id_equal(vouched_sku(v->lost[i]), m->sku.text))
            v->lost[i]->done = true;
    }
}

void restore_folded(struct shop *shop, const struct ledger_entry *entry)
{
    struct restore *r = &shop->keeping.restore;
    if (r->step == RESTORE_NONE)
        return;
    for (size_t i = 0; i < entry->movements_count; i++)
        lost_supersede(&shop->keeping.vouching, &entry->movements[i]);
    if (r->step == RESTORE_FOLDING && ledger_is_folded(shop, r->ledger_id))
        restore_wait(shop, 0);
}

static void record_failed(struct shop *shop, const struct vouched *record)
{
    struct hold hold;
    vouched_hold(record, &hold);
    log_error("restore.failed", "shop=%s what=%s hold=%s viewer=%s sku=%s units=%lld order=%s answer=%s", shop->id.text,
              movement_kind_name(record->kind), hold.id.text, hold.viewer.text,
              hold.lines_count > 0 ? hold.lines[0].sku.text : vouched_sku(record), (long long)record->units,
              log_quote(hold.order), inventory_answer_name(record->answer));
    metrics_add(METRIC_RESTORE_FAILED, 1);
}

static void restore_end(struct shop *shop)
{
    struct restore *r = &shop->keeping.restore;
    struct vouching *v = &shop->keeping.vouching;
    size_t failed = 0;
    for (size_t i = 0; i < v->lost_count; i++) {
        if (v->lost[i]->done)
            continue;
        record_failed(shop, v->lost[i]);
        failed++;
    }
    log_write(r->missed ? LOG_WARN : LOG_INFO, "restore.end", "shop=%s lost=%zu restored=%zu failed=%zu ms=%lld",
              shop->id.text, v->lost_count, r->restored, failed, (long long)(orchestrator_now(shop->o) - r->began_ms));
    r->missed = r->missed || r->restored > 0;
    metrics_add(METRIC_RESTORED, (double)r->restored);
    shop->keeping.failed += failed;
    if (failed > 0)
        snprintf(shop->keeping.failed_words, sizeof shop->keeping.failed_words,
                 "A fail-over lost %zu stock movements that could not be put back: see restore.failed in the log.",
                 shop->keeping.failed);
    vouched_drop_lost(v);
    r->step = RESTORE_NONE;
    shop_opens_again(shop, r->missed);
}
