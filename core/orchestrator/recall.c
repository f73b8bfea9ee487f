/* core/orchestrator/recall.c - a SKU is recalled: nobody can pay from the first write on, the rest follows by itself.
 *
 *   (host.c)           the stock first, then the log
 *   recall_folded      the ledger told of it: who is affected is counted at this very entry
 *   recall_begun       this node asked for it: it takes the open holds back at once (CANCEL), and tells the shop's other shows
 *   recall_look        every tick. Holds still open after PATIENCE_MS: any node takes them back. A show that has the SKU and does not
 *                      say so: this node does, as its host would
 *     take_back_answered   and the next; its viewer hears from the ledger
 *
 *   recall_honour      kept until now: the time of a hold again, then they may pay
 *
 * At most TAKE_BACKS_MAX holds are under way; one stays counted until the ledger told of its end. */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define HONOUR_MS 300000 /* of a hold whose show this node does not know */

static void take_back(struct shop *shop, const struct sku_id *sku);
static void honour_answered(struct own_ask *own);
static void take_back_answered(struct own_ask *own);
static void shows_say(struct shop *shop, const struct recalled *r, const char *text, const struct broadcast_id *but);

/* ---- who is affected ---- */

static void affected_count(void *ctx, const struct hold *hold)
{
    struct recalled *r = ctx;
    for (uint8_t i = 0; i < hold->lines_count; i++) {
        if (!ID_EQUAL(hold->lines[i].sku, r->sku))
            continue;
        bool open = hold->state == HOLD_HELD;
        r->holds += open;
        r->orders += !open;
        *(open ? &r->units_held : &r->units_sold) += hold->lines[i].units;
    }
}

void recall_outcome(const struct errand *e, struct outcome *outcome)
{
    const struct shop *shop = journey_shop(&e->j);
    struct recalled now = {.sku = e->command.sku};
    outcome->kind = OUTCOME_RECALL;
    outcome->stock = e->j.ask.count;
    outcome->as_of_ms = orchestrator_now(e->j.o);
    if (shop == NULL)
        return;
    const struct recalled *known = map_get(&shop->keeping.recalled, now.sku.text);
    if (known != NULL && known->ledger_id[0] != '\0')
        now = *known;
    else /* the fold began behind it: as it is now */
        claims_each_of_sku(&shop->claims, now.sku.text, affected_count, &now);
    outcome->affected.holds = now.holds;
    outcome->affected.units_held = now.units_held;
    outcome->affected.orders = now.orders;
    outcome->affected.units_sold = now.units_sold;
    memcpy(outcome->ledger_id, shop->claims.ledger_id, sizeof shop->claims.ledger_id);
}

void recall_begun(const struct errand *e)
{
    struct shop *shop = journey_shop(&e->j);
    struct recalled *r = shop == NULL ? NULL : map_get(&shop->keeping.recalled, e->command.sku.text);
    if (r == NULL)
        return; /* not folded yet, and time was up: the ledger tells, and every node looks */
    log_info("recall", "shop=%s sku=%s holds=%s by=%s", shop->id.text, r->sku.text, recall_mode_name(e->command.recall),
             log_quote(e->j.asker.sub));
    r->begun = true;
    take_back(shop, &r->sku);
    shows_say(shop, r, e->command.text, &e->j.broadcast);
}

/* ---- kept, and now honoured ---- */

/* An inquiry takes longer than a hold: whoever was kept waiting gets the whole time of their show again, in the call that
 * lets them pay. One that used all its extensions keeps what it has. */
void recall_honour(struct shop *shop, const struct sku_id *sku)
{
    const struct claim_sku *known = shop == NULL ? NULL : claims_sku(&shop->claims, sku->text);
    if (known == NULL || known->count.recall != RECALL_KEEP || known->count.held <= 0)
        return;
    size_t max = (size_t)known->count.held; /* each has a unit or more */
    const struct hold **open = calloc(max, sizeof(const struct hold *));
    size_t count = open == NULL ? 0 : claims_open_of_sku(&shop->claims, sku->text, open, max);
    for (size_t i = 0; i < count; i++) {
        const struct show *show = map_get(&shop->shows, open[i]->broadcast.text);
        struct own_ask *own = own_ask_take(shop, INVENTORY_EXTEND, honour_answered);
        if (own == NULL)
            break;
        own->ask.hold.id = open[i]->id;
        own->ask.hold.viewer = open[i]->viewer;
        own->ask.ttl_ms = show == NULL || show->b.details.hold_ms == 0 ? HONOUR_MS : show->b.details.hold_ms;
        own_ask_go(own);
    }
    free(open);
}

/* Its viewer hears from the ledger. */
static void honour_answered(struct own_ask *own)
{
    if (own->ask.result != RESULT_OK || own->ask.answer != INVENTORY_DONE)
        log_info("recall.not_extended", "shop=%s hold=%s result=%s answer=%s", own->shop->id.text,
                 own->ask.hold.id.text, result_name(own->ask.result), inventory_answer_name(own->ask.answer));
}

/* ---- the ledger told ---- */

static struct recalled *recalled_make(struct shop *shop, const struct sku_id *sku)
{
    struct recalled *r = map_get(&shop->keeping.recalled, sku->text);
    if (r != NULL)
        return r;
    r = calloc(1, sizeof *r);
    if (r == NULL || map_set(&shop->keeping.recalled, sku->text, r) != RESULT_OK) {
        free(r);
        return NULL; /* the next entry of this SKU tries again */
    }
    r->sku = *sku;
    r->since_ms = orchestrator_now(shop->o);
    return r;
}

static void recalled_count(struct shop *shop, const struct ledger_entry *entry, const struct movement *m)
{
    struct recalled *r = map_get(&shop->keeping.recalled, m->sku.text);
    if (r == NULL)
        return;
    *r = (struct recalled){.sku = r->sku, .since_ms = orchestrator_now(shop->o)};
    memcpy(r->ledger_id, entry->id, sizeof r->ledger_id);
    claims_each_of_sku(&shop->claims, m->sku.text, affected_count, r);
}

void recall_folded(struct shop *shop, const struct ledger_entry *entry)
{
    struct keeping *k = &shop->keeping;
    bool freed = false;
    for (size_t i = 0; i < entry->counts_count; i++) {
        const struct stock_count *count = &entry->counts[i];
        if (count->recall != RECALL_NONE)
            (void)recalled_make(shop, &count->sku);
        else if (k->recalled.count > 0)
            free(map_remove(&k->recalled, count->sku.text));
    }
    for (size_t i = 0; i < entry->movements_count; i++) {
        const struct movement *m = &entry->movements[i];
        if (m->kind == MOVE_RECALL)
            recalled_count(shop, entry, m);
        if (m->kind == MOVE_RECALL)
            due_unpark(&shop->due, &shop->claims);
        if (k->taking.count > 0 && movement_is_of_hold(m->kind) && m->hold.state != HOLD_HELD)
            freed = map_remove(&k->taking, m->hold.id.text) != NULL || freed;
    }
    size_t at = 0;
    const char *key;
    void *r;
    while (freed && map_next(&k->recalled, &at, &key, &r))
        if (((const struct recalled *)r)->begun)
            take_back(shop, &((const struct recalled *)r)->sku);
}

void recall_forget(struct shop *shop)
{
    size_t at = 0;
    const char *key;
    void *r;
    while (map_next(&shop->keeping.recalled, &at, &key, &r))
        free(map_remove(&shop->keeping.recalled, key));
    at = 0;
    while (map_next(&shop->keeping.taking, &at, &key, &r))
        map_remove(&shop->keeping.taking, key);
}

/* ---- holds go back ---- */

static void take_back_one(struct shop *shop, const struct hold *hold)
{
    struct own_ask *own = own_ask_take(shop, INVENTORY_TAKE_BACK, take_back_answered);
    if (own == NULL)
        return;
    own->ask.hold.id = hold->id;
    if (map_set(&shop->keeping.taking, hold->id.text, shop) == RESULT_OK) {
        own_ask_go(own);
        return;
    }
    list_remove(&own->link);
    free(own);
}

static void take_back(struct shop *shop, const struct sku_id *sku)
{
    const struct hold *open[2 * TAKE_BACKS_MAX]; /* at most half of them are on their way already */
    const struct claim_sku *known = claims_sku(&shop->claims, sku->text);
    if (known == NULL || known->count.recall != RECALL_CANCEL || !shop->claims.complete)
        return;
    size_t count = claims_open_of_sku(&shop->claims, sku->text, open, ARRAY_LEN(open));
    for (size_t i = 0; i < count && shop->keeping.taking.count < TAKE_BACKS_MAX; i++)
        if (map_get(&shop->keeping.taking, open[i]->id.text) == NULL)
            take_back_one(shop, open[i]);
}

/* Not done, or not any more to be: the next look decides again. */
static void take_back_answered(struct own_ask *own)
{
    bool ended = own->ask.result == RESULT_OK &&
                 (own->ask.answer == INVENTORY_DONE || own->ask.answer == INVENTORY_REPLAYED) &&
                 claims_hold(&own->shop->claims, own->ask.hold.id.text) != NULL;
    if (!ended)
        map_remove(&own->shop->keeping.taking, own->ask.hold.id.text);
}

/* ---- every show says so ---- */

static bool show_hides(const struct show *show, const struct sku_id *sku)
{
    const struct shelf_item *item = show_is_ready(show) ? broadcast_item(&show->b, sku->text) : NULL;
    return item != NULL && item->state != SKU_RECALLED;
}

static void shows_say(struct shop *shop, const struct recalled *r, const char *text, const struct broadcast_id *but)
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&shop->shows, &at, &key, &value)) {
        struct show *show = value;
        if (!show_hides(show, &r->sku) || (but != NULL && ID_EQUAL(show->b.id, *but)))
            continue;
        const struct claim_sku *known = claims_sku(&shop->claims, r->sku.text);
        struct command say = {.kind = COMMAND_RECALL,
                              .broadcast = show->b.id,
                              .sku = r->sku,
                              .recall = known == NULL ? RECALL_NONE : known->count.recall};
        text_keep(say.text, sizeof say.text, text);
        struct errand *e = errand_take_ours(show, &say);
        if (e != NULL)
            e->step = host_start;
    }
}

void recall_look(struct shop *shop)
{
    int64_t now_ms = orchestrator_now(shop->o);
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&shop->keeping.recalled, &at, &key, &value)) {
        struct recalled *r = value;
        if (now_ms < r->since_ms + PATIENCE_MS)
            continue;
        r->since_ms = now_ms;
        r->begun = true;
        take_back(shop, &r->sku);
        shows_say(shop, r, NULL, NULL);
    }
}
