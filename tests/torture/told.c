#include "tests/torture/told.h"

#include <stdlib.h>
#include <string.h>

#define SKUS_SHOWN 10

/* ---- copies ---- */

struct told_entry *told_copy(const struct ledger_entry *entry)
{
    struct told_entry *t = calloc(1, sizeof *t);
    MUST(t != NULL);
    t->entry = *entry;
    t->movements = malloc((entry->movements_count + 1) * sizeof *t->movements);
    t->counts = malloc((entry->counts_count + 1) * sizeof *t->counts);
    MUST(t->movements != NULL && t->counts != NULL);
    for (size_t i = 0; i < entry->movements_count; i++) {
        const struct movement *from = &entry->movements[i];
        struct movement *to = &t->movements[i];
        to->kind = from->kind;
        to->ms = from->ms;
        hold_copy(&to->hold, &from->hold);
        memcpy((char *)to + offsetof(struct movement, sku), (const char *)from + offsetof(struct movement, sku),
               sizeof *to - offsetof(struct movement, sku));
    }
    for (size_t i = 0; i < entry->counts_count; i++)
        t->counts[i] = entry->counts[i];
    t->entry.movements = t->movements;
    t->entry.counts = t->counts;
    return t;
}

void told_free(struct told_entry *t)
{
    if (t == NULL)
        return;
    free(t->movements);
    free(t->counts);
    free(t);
}

/* ---- text ---- */

void told_write_hold(struct bytes *out, const struct hold *h)
{
    bytes_format(out, "%s %s of %s in [%s] until %lld extended %u%s %s order [%s]", h->id.text,
                 hold_state_name(h->state), h->viewer.text, h->broadcast.text, (long long)h->expires_at_ms, h->extends,
                 h->offer ? " offer" : "", h->currency, h->order);
    for (size_t i = 0; i < h->lines_count && i < CART_LINES_MAX; i++)
        bytes_format(out, " %s:%u:%lld:%u", h->lines[i].sku.text, h->lines[i].units, (long long)h->lines[i].unit_minor,
                     h->lines[i].price_version);
}

void told_write_count(struct bytes *out, const struct stock_count *c)
{
    bytes_format(out, "%s %lld available %lld held %lld sold of %lld%s recall %s limit %u version %lld buffer %lld",
                 c->sku.text, (long long)c->available, (long long)c->held, (long long)c->sold, (long long)c->allocated,
                 c->stopped ? " stopped" : "", recall_mode_name(c->recall), c->limit_per_viewer, (long long)c->version,
                 (long long)c->buffer);
}

static void write_movement(struct bytes *out, const struct movement *m)
{
    bytes_format(out, "    %s ", movement_kind_name(m->kind));
    if (movement_is_of_hold(m->kind))
        told_write_hold(out, &m->hold);
    else
        bytes_format(out,
                     "%s viewer [%s] broadcast [%s] units %lld gone %lld version %lld delay %lld recall %s ref [%s]",
                     m->sku.text, m->hold.viewer.text, m->hold.broadcast.text, (long long)m->units, (long long)m->gone,
                     (long long)m->version, (long long)m->delay_ms, recall_mode_name(m->recall), m->ref);
    bytes_text(out, "\n");
}

void told_write_request(struct bytes *out, const struct inventory_request *r)
{
    static const char *const names[INVENTORY_OPS] = {
        "reserve", "extend", "confirm", "release", "take_back", "join",   "leave",      "allocate", "withdraw", "sync",
        "stop",    "open",   "limit",   "recall",  "buffer",    "freeze", "checkpoint", "hold_get", "expire",
    };
    bytes_format(out, "%s%s ", names[r->op], r->restores ? " (restores)" : "");
    if (r->op <= INVENTORY_WAITLIST_LEAVE || r->op == INVENTORY_HOLD_GET) {
        told_write_hold(out, &r->hold);
        bytes_format(out, " ttl %lld amount %lld %s ref [%s]", (long long)r->ttl_ms, (long long)r->amount.minor,
                     r->amount.currency, r->ref);
        return;
    }
    bytes_format(out,
                 "sku [%s] units %lld gone %lld version %lld counted %lld recall %s ref [%s] broadcast [%s]%s epoch "
                 "[%s] ttl %lld",
                 r->sku.text, (long long)r->units, (long long)r->gone, (long long)r->version, (long long)r->counted_ms,
                 (unsigned)r->recall < RECALL_MODES ? recall_mode_name(r->recall) : "?", r->ref, r->hold.broadcast.text,
                 r->frozen ? " frozen" : "", r->epoch.text, (long long)r->ttl_ms);
}

void told_write_state(struct bytes *out, const struct model *m)
{
    list_for_each (at, &m->all_clocks) {
        const struct model_clock *c = container_of(at, struct model_clock, link);
        bytes_format(out, "    clock of %s: stood %lld, %s since %lld, epoch %s seq %lld\n", c->broadcast.text,
                     (long long)c->stood_ms, c->is_frozen ? "frozen" : "running", (long long)c->since_ms, c->epoch.text,
                     (long long)c->seq);
    }
    size_t skus = m->skus.count;
    list_for_each (at, &m->all_skus) {
        const struct model_sku *s = container_of(at, struct model_sku, link);
        if (skus-- > SKUS_SHOWN) /* the last */
            continue;
        bytes_text(out, "    ");
        told_write_count(out, &s->count);
        bytes_format(out, ", %lld in line:", (long long)s->line_len);
        size_t shown = 0;
        list_for_each (place, &s->line) {
            const struct model_wait *w = container_of(place, struct model_wait, link);
            if (shown++ < 8)
                bytes_format(out, " #%llu %s for %u", (unsigned long long)w->ticket, w->wish.viewer.text,
                             w->wish.lines[0].units);
        }
        bytes_text(out, "\n");
    }
}

/* ---- the same? ---- */

bool told_same_hold(const struct hold *a, const struct hold *b)
{
    if (!ID_EQUAL(a->id, b->id) || a->state != b->state || !ID_EQUAL(a->viewer, b->viewer) ||
        !ID_EQUAL(a->broadcast, b->broadcast) || a->expires_at_ms != b->expires_at_ms || a->extends != b->extends ||
        a->offer != b->offer || strcmp(a->currency, b->currency) != 0 || strcmp(a->order, b->order) != 0 ||
        a->lines_count != b->lines_count)
        return false;
    for (size_t i = 0; i < a->lines_count; i++)
        if (!ID_EQUAL(a->lines[i].sku, b->lines[i].sku) || a->lines[i].units != b->lines[i].units ||
            a->lines[i].unit_minor != b->lines[i].unit_minor || a->lines[i].price_version != b->lines[i].price_version)
            return false;
    return true;
}

bool told_same_count(const struct stock_count *a, const struct stock_count *b)
{
    return ID_EQUAL(a->sku, b->sku) && a->available == b->available && a->held == b->held && a->sold == b->sold &&
           a->allocated == b->allocated && a->stopped == b->stopped && a->recall == b->recall &&
           a->limit_per_viewer == b->limit_per_viewer && a->version == b->version && a->buffer == b->buffer;
}

static bool same_movement(const struct movement *a, const struct movement *b, bool in_checkpoint)
{
    if (a->kind != b->kind || a->ms != b->ms)
        return false;
    if (movement_is_of_hold(a->kind))
        return told_same_hold(&a->hold, &b->hold);
    if (a->kind == MOVE_FROZEN || a->kind == MOVE_THAWED)
        return ID_EQUAL(a->hold.broadcast, b->hold.broadcast) &&
               (a->units == b->units || (a->kind == MOVE_FROZEN && !in_checkpoint)) &&
               (a->gone == b->gone || !in_checkpoint || a->kind == MOVE_THAWED);
    if (!ID_EQUAL(a->sku, b->sku))
        return false;
    switch (a->kind) {
    case MOVE_WAITING:
        return ID_EQUAL(a->hold.viewer, b->hold.viewer) && a->units == b->units;
    case MOVE_LEFT:
        return ID_EQUAL(a->hold.viewer, b->hold.viewer);
    case MOVE_SYNCED:
        return a->units == b->units && a->gone == b->gone && a->version == b->version && a->delay_ms == b->delay_ms;
    case MOVE_ALLOCATED:
    case MOVE_WITHDRAWN:
        return a->units == b->units && strcmp(a->ref, b->ref) == 0;
    case MOVE_LIMIT:
    case MOVE_BUFFER:
        return a->units == b->units;
    case MOVE_RECALL:
        return a->recall == b->recall;
    default: /* stopped, opened */
        return true;
    }
}

/* By what may come in any order in a checkpoint; who waits for one SKU keeps the order. */
static int by_subject(const void *left, const void *right)
{
    const struct movement *a = *(const struct movement *const *)left, *b = *(const struct movement *const *)right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int order = strcmp(a->sku.text, b->sku.text);
    if (order == 0)
        order = strcmp(a->hold.broadcast.text, b->hold.broadcast.text);
    if (order == 0 && a->kind == MOVE_KEPT)
        order = strcmp(a->hold.id.text, b->hold.id.text);
    return order != 0 ? order : a < b ? -1 : a > b;
}

static const struct movement **in_order(const struct movement *movements, size_t count, bool sorted)
{
    const struct movement **order = malloc((count + 1) * sizeof(const struct movement *));
    MUST(order != NULL);
    for (size_t i = 0; i < count; i++)
        order[i] = &movements[i];
    if (sorted)
        qsort(order, count, sizeof(const struct movement *), by_subject);
    return order;
}

static bool movements_agree(const struct told_entry *t, const struct movement *want, size_t want_count,
                            struct bytes *difference)
{
    bool in_checkpoint = t->entry.is_checkpoint;
    const struct movement **a = in_order(want, want_count, in_checkpoint);
    const struct movement **b = in_order(t->movements, t->entry.movements_count, in_checkpoint);
    size_t i = 0;
    while (i < want_count && i < t->entry.movements_count && same_movement(a[i], b[i], in_checkpoint))
        i++;
    bool same = i == want_count && i == t->entry.movements_count;
    if (!same) {
        bytes_format(difference, "  movement %zu of the ledger's entry %s%s\n  expected (%zu):\n", i, t->entry.id,
                     in_checkpoint ? ", a checkpoint" : "", want_count);
        for (size_t j = i; j < want_count && j < i + 4; j++)
            write_movement(difference, a[j]);
        bytes_format(difference, "  got (%zu):\n", t->entry.movements_count);
        for (size_t j = i; j < t->entry.movements_count && j < i + 4; j++)
            write_movement(difference, b[j]);
    }
    free(a);
    free(b);
    return same;
}

static const struct stock_count *count_of(const struct told_entry *t, const char *sku)
{
    for (size_t i = 0; i < t->entry.counts_count; i++)
        if (id_equal(t->counts[i].sku.text, sku))
            return &t->counts[i];
    return NULL;
}

/* All that are told are right, and none is missing. */
static bool counts_agree(const struct told_entry *t, const struct model *m, struct bytes *difference)
{
    size_t found = 0;
    list_for_each (at, &m->all_skus) {
        const struct model_sku *s = container_of(at, struct model_sku, link);
        const struct stock_count *told = count_of(t, s->count.sku.text);
        found += told != NULL;
        if (told == NULL && !t->entry.is_checkpoint && told_same_count(&s->count, &s->told))
            continue;
        if (told != NULL && told_same_count(told, &s->count))
            continue;
        bytes_format(difference, "  count in the ledger's entry %s\n  expected: ", t->entry.id);
        told_write_count(difference, &s->count);
        bytes_text(difference, "\n  got:      ");
        if (told != NULL)
            told_write_count(difference, told);
        bytes_text(difference, "\n");
        return false;
    }
    if (found == t->entry.counts_count)
        return true;
    bytes_format(difference, "  the ledger's entry %s counts %zu SKUs, of which %zu are known\n", t->entry.id,
                 t->entry.counts_count, found);
    return false;
}

bool told_agrees(const struct told_entry *t, const struct model *m, struct bytes *difference)
{
    bool is_checkpoint = t->entry.is_checkpoint;
    const struct movement *want = is_checkpoint ? m->told + m->told_kept : m->told;
    size_t count = is_checkpoint ? m->told_count - m->told_kept : m->told_kept;
    return movements_agree(t, want, count, difference) && counts_agree(t, m, difference);
}
