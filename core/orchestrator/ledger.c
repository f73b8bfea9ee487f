/* core/orchestrator/ledger.c - from a ledger entry to every screen it concerns.
 *
 *   ledger_entry        folded into claims, once per entry
 *     movement_push     each hold's viewer hears, except of what they were just answered
 *     movement_mark     the SKU's counts go out on the next tick of every broadcast that shows it
 *   ledger_rewound      acknowledged stock was lost: nothing is sold until all is folded again
 *
 * The projection may lag the stock by a moment. What the viewer was answered and what the ledger says of the same entry
 * meet here in either order: `shop->asking` knows what is being answered, `shop->answered` what was. */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct answered {
    char ledger_id[LEDGER_ID_LEN_MAX + 1];
};

static void ledger_entry(struct ledger_follow *follow, const struct ledger_entry *entry);
static void movement_push(struct shop *shop, const struct ledger_entry *entry, const struct movement *m);
static void movement_mark(struct shop *shop, const struct movement *m);
static void difference_found(struct shop *shop);
static void each_show(struct shop *shop, void (*what)(struct show *show));
static void show_start_over(struct show *show);
static void ledger_caught_up(struct ledger_follow *follow);
static void ledger_lost(struct ledger_follow *follow);
static void ledger_rewound(struct ledger_follow *follow);

void ledger_follow_start(struct shop *shop)
{
    struct ledger *ledger = shop->o->config.ledger;
    shop->ledger = (struct ledger_follow){.shop = shop->id,
                                          .entry = ledger_entry,
                                          .caught_up = ledger_caught_up,
                                          .lost = ledger_lost,
                                          .rewound = ledger_rewound};
    ledger->follow(ledger, &shop->ledger);
}

static void mark_sku(struct shop *shop, const struct sku_id *sku)
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&shop->shows, &at, &key, &value)) {
        struct show *show = value;
        if (broadcast_item(&show->b, sku->text) != NULL)
            show_mark_sku(show, sku);
    }
}

static void ledger_entry(struct ledger_follow *follow, const struct ledger_entry *entry)
{
    struct shop *shop = container_of(follow, struct shop, ledger);
    const struct orchestrator_observer *observer = shop->o->config.observer;
    if (shop->ledger_broken || ledger_is_folded(shop, entry->id))
        return; /* wake-ups may tell the last entry twice */
    bool begins = shop->claims.ledger_id[0] == '\0';
    if (claims_fold(&shop->claims, entry) != RESULT_OK) {
        shop->ledger_broken = true;
        log_error("ledger.broken", "shop=%s entry=%s", shop->id.text, entry->id);
        return;
    }
    metrics_add(METRIC_LEDGER_ENTRIES, 1);
    if (shop->claims.differences > shop->differences_folded)
        difference_found(shop);
    for (size_t i = 0; i < entry->movements_count && (begins || !entry->is_checkpoint); i++) {
        movement_push(shop, entry, &entry->movements[i]);
        movement_mark(shop, &entry->movements[i]);
        trip_claimed(shop, &entry->movements[i]);
    }
    for (size_t i = 0; i < entry->counts_count; i++)
        mark_sku(shop, &entry->counts[i].sku);
    if (observer != NULL && observer->ledger_entry != NULL)
        observer->ledger_entry(observer->ctx, &shop->id, entry);
    keeping_folded(shop, entry);
    journeys_check_folds(shop);
}

/* Said once; what follows from the first is no news. It stays so when history is read again: the books are to be looked at. */
static void difference_found(struct shop *shop)
{
    metrics_add(METRIC_AUDIT_DIFFERENCES, (double)(shop->claims.differences - shop->differences_folded));
    bool first = shop->differences == 0;
    shop->differences += shop->claims.differences - shop->differences_folded;
    shop->differences_folded = shop->claims.differences;
    if (!first)
        return;
    memcpy(shop->difference, shop->claims.difference, sizeof shop->difference);
    log_error("audit.difference", "shop=%s difference=%s nothing is sold from this node until it was checked",
              shop->id.text, log_quote(shop->difference));
    each_show(shop, show_tell_health);
}

/* ---- viewers hear ---- */

static bool is_being_answered(const struct shop *shop, const struct movement *m)
{
    static const enum command_kind asks[] = {
        [MOVE_RESERVED] = COMMAND_RESERVE, [MOVE_EXTENDED] = COMMAND_EXTEND, [MOVE_RELEASED] = COMMAND_RELEASE};
    bool found = false;
    if (m->kind != MOVE_RESERVED && m->kind != MOVE_EXTENDED && m->kind != MOVE_RELEASED)
        return false;
    for (struct journey *j = map_get(&shop->asking, m->hold.id.text); j != NULL; j = j->asked_next)
        if (j->kind == asks[m->kind] && ID_EQUAL(j->asker.viewer, m->hold.viewer))
            found = j->folded = true;
    return found;
}

static bool was_answered(struct shop *shop, const char *hold, const char *ledger_id)
{
    struct answered *a = map_get(&shop->answered, hold);
    if (a == NULL)
        return false;
    int order = ledger_id_order(a->ledger_id, ledger_id);
    if (order <= 0)
        free(map_remove(&shop->answered, hold));
    return order == 0;
}

static void movement_push(struct shop *shop, const struct ledger_entry *entry, const struct movement *m)
{
    if (!movement_is_of_hold(m->kind))
        return;
    bool heard = is_being_answered(shop, m);
    heard = was_answered(shop, m->hold.id.text, entry->id) || heard;
    if (m->hold.state == HOLD_HELD)
        due_add(&shop->due, &m->hold);
    if (!shop->claims.complete)
        return; /* history: who connects is sent the holds as they are now */
    if (m->kind == MOVE_EXPIRED)
        metrics_add(METRIC_EXPIRED, 1);
    if (m->kind == MOVE_OFFERED)
        metrics_add(METRIC_OFFERS, 1);
    if (heard)
        return;
    struct hold hold;
    told_hold(shop, &m->hold, &hold);
    journey_push_hold(shop->o, &shop->id, &hold);
}

void told_hold(const struct shop *shop, const struct hold *hold, struct hold *ret)
{
    hold_copy(ret, hold);
    ret->expires_at_ms = claims_expires_ms(&shop->claims, hold, orchestrator_now(shop->o));
}

void ledger_answered(struct shop *shop, const struct hold_id *hold, const char *ledger_id)
{
    if (ledger_id[0] == '\0' || ledger_is_folded(shop, ledger_id))
        return;
    struct answered *a = map_get(&shop->answered, hold->text);
    if (a == NULL) {
        a = calloc(1, sizeof *a);
        if (a == NULL || map_set(&shop->answered, hold->text, a) != RESULT_OK) {
            free(a); /* costs a word said twice */
            return;
        }
    }
    memcpy(a->ledger_id, ledger_id, sizeof a->ledger_id);
}

static void answered_forget(struct shop *shop)
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&shop->answered, &at, &key, &value))
        free(map_remove(&shop->answered, key));
}

/* ---- counts go out ---- */

static void movement_mark(struct shop *shop, const struct movement *m)
{
    struct show *show = map_get(&shop->shows, m->hold.broadcast.text);
    if (m->kind == MOVE_FROZEN || m->kind == MOVE_THAWED) {
        if (show != NULL)
            values_tell_hold_clock(show);
        return;
    }
    if (!movement_is_of_hold(m->kind)) {
        mark_sku(shop, &m->sku); /* a line's length changes no count of the entry */
        return;
    }
    for (uint8_t i = 0; i < m->hold.lines_count; i++)
        mark_sku(shop, &m->hold.lines[i].sku);
    if (show != NULL)
        show_mark_volumes(show);
}

/* ---- the link ---- */

static void each_show(struct shop *shop, void (*what)(struct show *show))
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&shop->shows, &at, &key, &value))
        what(value);
}

void shop_opens_again(struct shop *shop, bool missed)
{
    if (missed)
        each_show(shop, show_start_over);
    each_show(shop, show_tell_health);
}

/* Holds may differ from what was said: everyone is sent the state as it is. */
static void show_start_over(struct show *show)
{
    struct audience *audience = show->shop->o->config.audience;
    if (show_is_ready(show) && show->b.seq > 0)
        audience->reset(audience, show_view(show));
    show_mark_all(show);
}

static void ledger_caught_up(struct ledger_follow *follow)
{
    struct shop *shop = container_of(follow, struct shop, ledger);
    bool was_rewound = shop->ledger_rewound, was_lost = shop->ledger_lost;
    shop->ledger_lost = shop->ledger_rewound = false;
    shop->claims.complete = true;
    journeys_check_folds(shop);
    if (was_rewound) {
        log_warn("ledger.folded_again", "shop=%s entry=%s", shop->id.text, shop->claims.ledger_id);
    }
    if (was_rewound || was_lost)
        keeping_caught_up(shop, was_rewound);
    each_show(shop, show_tell_health); /* told where it differs, be it in the reason alone */
    shop_check_waiters(shop);
}

static void show_doubt(struct show *show) { show->log.doubted = true; }

static void ledger_lost(struct ledger_follow *follow)
{
    struct shop *shop = container_of(follow, struct shop, ledger);
    if (shop->ledger_lost)
        return;
    log_warn("ledger.lost", "shop=%s entry=%s", shop->id.text, shop->claims.ledger_id);
    shop->ledger_lost = true;
    vouched_doubt(&shop->keeping.vouching);
    shop->log.doubted = true; /* one link carries them all */
    each_show(shop, show_doubt);
    each_show(shop, show_tell_health);
}

static void ledger_rewound(struct ledger_follow *follow)
{
    struct shop *shop = container_of(follow, struct shop, ledger);
    const struct orchestrator_observer *observer = shop->o->config.observer;
    log_error("ledger.rewound",
              "shop=%s seen=%s acknowledged stock movements were lost; selling stops until all is read again",
              shop->id.text, shop->claims.ledger_id);
    metrics_add(METRIC_REWINDS_LEDGER, 1);
    keeping_rewound(shop);
    shop->differences_folded = 0;
    claims_finish(&shop->claims);
    claims_init(&shop->claims);
    due_finish(&shop->due);
    answered_forget(shop);
    each_show(shop, trips_forget);
    shop->ledger_rewound = true;
    shop->ledger_broken = false;
    if (observer != NULL && observer->ledger_rewound != NULL)
        observer->ledger_rewound(observer->ctx, &shop->id);
    each_show(shop, show_tell_health);
}

void ledger_forget(struct shop *shop)
{
    answered_forget(shop);
    map_finish(&shop->answered);
    claims_finish(&shop->claims);
    due_finish(&shop->due);
}

/* ---- ids ---- */

bool ledger_is_folded(const struct shop *shop, const char *ledger_id)
{
    return ledger_id_order(ledger_id, shop->claims.ledger_id) <= 0;
}
