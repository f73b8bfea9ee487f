/* core/broadcast/claims_audit.c - the audit in every fold: an entry's movements must lead from the counts before it to the
 * counts it tells, and a checkpoint must say what was folded. Whatever does not is a difference: counted, the first one kept
 * in words. One look per line of a movement and one per count, whatever is kept. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/broadcast/claims_inner.h"

void claims_differ(struct claims *c, const struct ledger_entry *e, const char *format, ...)
{
    if (c->differences++ > 0)
        return;
    int len = snprintf(c->difference, sizeof c->difference, "entry %s: ", e->id);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->difference + len, sizeof c->difference - (size_t)len, format, arguments);
    va_end(arguments);
}

/* ---- movements against counts ---- */

void audit_begin(struct claims *c)
{
    c->audit++;
    c->touched = NULL;
}

struct stock_count *audit_sum(struct claims *c, struct claims_entry *entry)
{
    if (entry->audit != c->audit) {
        entry->audit = c->audit;
        entry->sum = entry->sku.count;
        entry->next_touched = c->touched;
        c->touched = entry;
    }
    return &entry->sum;
}

void audit_move(struct claims *c, const struct claim *claim, int available, int held, int sold)
{
    const struct claim_line *lines = claim_lines(claim);
    for (uint8_t i = 0; i < claim->hold.lines_count; i++) {
        struct stock_count *sum = audit_sum(c, lines[i].entry);
        int64_t units = claim->hold.lines[i].units;
        sum->available += available * units;
        sum->held += held * units;
        sum->sold += sold * units;
    }
}

static bool counts_same(const struct stock_count *a, const struct stock_count *b)
{
    return a->available == b->available && a->held == b->held && a->sold == b->sold && a->allocated == b->allocated &&
           a->stopped == b->stopped && a->recall == b->recall && a->limit_per_viewer == b->limit_per_viewer &&
           a->version == b->version && a->buffer == b->buffer;
}

#define COUNT_FORMAT                                                                                                   \
    "%" PRId64 " = %" PRId64 " + %" PRId64 " + %" PRId64 " (%s%s, limit %u, version %" PRId64 ", buffer %" PRId64 ")"
#define COUNT_WORDS(n)                                                                                                 \
    (n)->allocated, (n)->available, (n)->held, (n)->sold, (n)->stopped ? "stopped" : "open",                           \
        (n)->recall == RECALL_NONE ? "" : " recalled", (n)->limit_per_viewer, (n)->version, (n)->buffer

static void count_check(struct claims *c, const struct ledger_entry *e, const struct stock_count *told,
                        const struct stock_count *sum)
{
    if (told->available + told->held + told->sold != told->allocated || told->held < 0 || told->sold < 0)
        claims_differ(c, e, "%s does not add up: " COUNT_FORMAT, told->sku.text, COUNT_WORDS(told));
    else if (sum != NULL && !counts_same(told, sum))
        claims_differ(c, e, "%s is told as " COUNT_FORMAT ", its movements make " COUNT_FORMAT, told->sku.text,
                      COUNT_WORDS(told), COUNT_WORDS(sum));
}

enum result audit_counts(struct claims *c, const struct ledger_entry *e, bool begins)
{
    for (size_t i = 0; i < e->counts_count; i++) {
        const struct stock_count *told = &e->counts[i];
        struct claims_entry *entry = NULL;
        enum result result = claims_entry_make(c, told->sku.text, &entry);
        if (result != RESULT_OK)
            return result;
        struct stock_count *sum = audit_sum(c, entry);
        if (begins && told->held != sum->held)
            claims_differ(c, e, "%s has %" PRId64 " held, its holds %" PRId64, told->sku.text, told->held, sum->held);
        count_check(c, e, told, begins ? NULL : sum);
        entry->sku.count = *told;
        entry->sku.known = true;
        entry->told = c->audit;
    }
    for (const struct claims_entry *at = c->touched; at != NULL; at = at->next_touched)
        if (at->told != c->audit && !counts_same(&at->sum, &at->sku.count))
            claims_differ(c, e, "%s moved, and its count is not told", at->sum.sku.text);
    return RESULT_OK;
}

/* ---- a checkpoint against what was folded ---- */

static bool holds_same(const struct hold *a, const struct hold *b)
{
    bool same = ID_EQUAL(a->viewer, b->viewer) && ID_EQUAL(a->broadcast, b->broadcast) &&
                a->expires_at_ms == b->expires_at_ms && a->extends == b->extends && a->offer == b->offer &&
                strcmp(a->currency, b->currency) == 0 && a->lines_count == b->lines_count;
    for (uint8_t i = 0; same && i < a->lines_count; i++)
        same = ID_EQUAL(a->lines[i].sku, b->lines[i].sku) && a->lines[i].units == b->lines[i].units &&
               a->lines[i].unit_minor == b->lines[i].unit_minor &&
               a->lines[i].price_version == b->lines[i].price_version;
    return same;
}

static void kept_check(struct claims *c, const struct ledger_entry *e, const struct hold *kept)
{
    const struct claim *claim = claim_find(c, kept->id.text);
    if (claim == NULL || claim->hold.state != HOLD_HELD)
        claims_differ(c, e, "the checkpoint keeps hold %s, which is not open", kept->id.text);
    else if (!holds_same(kept, &claim->hold))
        claims_differ(c, e, "the checkpoint keeps hold %s otherwise", kept->id.text);
}

/* Lines are told first come first, each on its own: the first of a line told must be the first known, and so on. */
static void waiting_check(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    struct claims_entry *entry = map_get(&c->skus, m->sku.text);
    const struct list *next = NULL;
    if (entry != NULL) {
        next = entry->audit == c->audit ? entry->next_waiting : entry->line.next;
        (void)audit_sum(c, entry);
        entry->next_waiting = next == &entry->line ? next : next->next;
    }
    if (next == NULL || next == &entry->line ||
        !ID_EQUAL(container_of(next, struct wait, of_sku)->viewer, m->hold.viewer))
        claims_differ(c, e, "the checkpoint has %s in line for %s at another place", m->hold.viewer.text, m->sku.text);
}

static void clock_check(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    struct claim_clock clock = claims_clock(c, m->hold.broadcast.text);
    int64_t since_ms = m->kind == MOVE_FROZEN ? m->gone : 0;
    if (clock.stood_ms != m->units || clock.frozen_since_ms != since_ms)
        claims_differ(c, e, "the checkpoint has another clock of %s", m->hold.broadcast.text);
}

static void counts_check(struct claims *c, const struct ledger_entry *e)
{
    size_t known = 0, at = 0;
    const char *key;
    void *value;
    for (size_t i = 0; i < e->counts_count; i++) {
        const struct claim_sku *sku = claims_sku(c, e->counts[i].sku.text);
        struct stock_count none = {.sku = e->counts[i].sku};
        count_check(c, e, &e->counts[i], sku == NULL ? &none : &sku->count);
    }
    while (map_next(&c->skus, &at, &key, &value))
        known += ((const struct claims_entry *)value)->sku.known;
    if (known != e->counts_count)
        claims_differ(c, e, "the checkpoint counts %zu SKUs of %zu", e->counts_count, known);
}

void audit_checkpoint(struct claims *c, const struct ledger_entry *e)
{
    size_t kept = 0, waiting = 0, clocks = 0;
    for (size_t i = 0; i < e->movements_count; i++) {
        const struct movement *m = &e->movements[i];
        if (m->kind == MOVE_KEPT && ++kept > 0)
            kept_check(c, e, &m->hold);
        else if (m->kind == MOVE_WAITING && ++waiting > 0)
            waiting_check(c, e, m);
        else if ((m->kind == MOVE_FROZEN || m->kind == MOVE_THAWED) && ++clocks > 0)
            clock_check(c, e, m);
        else
            claims_differ(c, e, "the checkpoint moves something: %s", movement_kind_name(m->kind));
    }
    if (kept != c->open || waiting != c->waiting || clocks != c->clocks.count)
        claims_differ(c, e, "the checkpoint has %zu open holds, %zu in line, %zu clocks; known are %zu, %zu, %zu", kept,
                      waiting, clocks, c->open, c->waiting, c->clocks.count);
    counts_check(c, e);
}
