/* core/broadcast/claims_fold.c - folding the ledger: movements change holds, lines and clocks, then the entry's counts, which
 * are absolute, replace what was known. Each step is audited on the way (claims_audit.c). Doing an entry twice gives the
 * same, so one that failed half way is done again. */
#include <inttypes.h>
#include <string.h>

#include "core/broadcast/claims_inner.h"

#define ID_REUSED_MS 86400000 /* a hold that ended answers for a day; then its id is free */

/* ---- holds ---- */

/* A new hold, or one that is paid after it had expired: there may be no other under this id. */
static void must_be_new(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    const struct claim *before = claim_find(c, m->hold.id.text);
    if (before == NULL || c->unfinished)
        return;
    if (before->hold.state == HOLD_HELD || e->ms < before->since_ms + ID_REUSED_MS)
        claims_differ(c, e, "hold %s is %s, and was %s already", m->hold.id.text, movement_kind_name(m->kind),
                      hold_state_name(before->hold.state));
}

/* NULL: a difference, unless the entry is done again. */
static struct claim *must_be_open(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    struct claim *claim = claim_find(c, m->hold.id.text);
    bool open = claim != NULL && claim->hold.state == HOLD_HELD;
    if (open && (claim->hold.lines_count != m->hold.lines_count || !ID_EQUAL(claim->hold.viewer, m->hold.viewer)))
        claims_differ(c, e, "hold %s is %s with other lines or for another viewer", m->hold.id.text,
                      movement_kind_name(m->kind));
    if (!open && !c->unfinished)
        claims_differ(c, e, "hold %s is %s, and was not open", m->hold.id.text, movement_kind_name(m->kind));
    return open ? claim : NULL;
}

static enum result fold_taken(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    struct claim *claim = NULL;
    bool sold = m->kind == MOVE_RETAKEN;
    must_be_new(c, e, m);
    if (m->kind == MOVE_OFFERED)
        for (uint8_t i = 0; i < m->hold.lines_count; i++)
            wait_leave(c, m->hold.lines[i].sku.text, m->hold.viewer.text);
    enum result result = claim_keep(c, &m->hold, sold ? HOLD_CONFIRMED : HOLD_HELD, e->ms, &claim);
    if (result == RESULT_OK)
        audit_move(c, claim, -1, sold ? 0 : 1, sold ? 1 : 0);
    return result;
}

static enum result fold_extended(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    struct claim *claim = must_be_open(c, e, m);
    if (claim != NULL && !c->unfinished && m->hold.expires_at_ms < claim->hold.expires_at_ms)
        claims_differ(c, e, "hold %s was extended to an earlier end", m->hold.id.text);
    return claim_keep(c, &m->hold, HOLD_HELD, e->ms, &claim);
}

static enum result fold_confirmed(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    struct claim *claim = must_be_open(c, e, m);
    if (claim != NULL)
        audit_move(c, claim, 0, -1, 1);
    return claim_keep(c, &m->hold, HOLD_CONFIRMED, e->ms, &claim);
}

static enum result fold_freed(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    struct claim *claim = must_be_open(c, e, m);
    if (claim == NULL)
        return RESULT_OK;
    audit_move(c, claim, 1, -1, 0);
    if (m->kind == MOVE_RECALLED && m->hold.lines_count == claim->hold.lines_count)
        claim_take_back(c, claim, &m->hold);
    else
        claim_drop(c, claim);
    return RESULT_OK;
}

/* Paid too late, and nothing was left: its end was told before. */
static enum result fold_voided(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    struct claim *claim = claim_find(c, m->hold.id.text);
    if (claim == NULL)
        return RESULT_OK;
    must_be_new(c, e, m);
    claim_drop(c, claim);
    return RESULT_OK;
}

static void count_sales(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    const struct claim *claim = claim_find(c, m->hold.id.text);
    for (uint8_t i = 0; claim != NULL && i < claim->hold.lines_count; i++)
        sales_add(claim_lines(claim)[i].entry, e->ms, claim->hold.lines[i].units);
}

/* ---- stock ---- */

static enum result fold_stock(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    struct claims_entry *entry = NULL;
    enum result result = claims_entry_make(c, m->sku.text, &entry);
    if (result != RESULT_OK)
        return result;
    struct stock_count *sum = audit_sum(c, entry);
    int64_t units = m->kind == MOVE_WITHDRAWN ? -m->units : m->units;
    switch (m->kind) {
    case MOVE_SYNCED:
        if (m->version <= sum->version)
            claims_differ(c, e, "%s was counted at version %" PRId64 ", after %" PRId64, m->sku.text, m->version,
                          sum->version);
        sum->version = m->version;
        if (m->delay_ms >= 0 && !c->unfinished)
            sync_delay_add(c, m->delay_ms);
        /* fall through */
    case MOVE_ALLOCATED:
    case MOVE_WITHDRAWN:
        sum->allocated += units;
        sum->available += units;
        return RESULT_OK;
    case MOVE_LIMIT:
        sum->limit_per_viewer = (uint32_t)units;
        return RESULT_OK;
    case MOVE_BUFFER:
        sum->buffer = units;
        return RESULT_OK;
    case MOVE_RECALL:
        sum->recall = m->recall;
        sum->stopped = true;
        return RESULT_OK;
    default:
        sum->stopped = m->kind == MOVE_STOPPED;
        return RESULT_OK;
    }
}

/* ---- clocks ---- */

static enum result fold_clock(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    const char *broadcast = m->hold.broadcast.text;
    struct claim_clock clock = claims_clock(c, broadcast);
    bool freezes = m->kind == MOVE_FROZEN;
    int64_t pause_ms =
        e->ms > clock.frozen_since_ms ? e->ms - clock.frozen_since_ms : 0; /* their clock may step back */
    if (freezes == (clock.frozen_since_ms > 0) && !c->unfinished)
        claims_differ(c, e, "the clock of %s is %s again", broadcast, movement_kind_name(m->kind));
    else if (!freezes && !c->unfinished && m->units != clock.stood_ms + pause_ms)
        claims_differ(c, e, "the clock of %s stood %" PRId64 " ms, and is told to have stood %" PRId64, broadcast,
                      clock.stood_ms + pause_ms, m->units);
    clock.frozen_since_ms = freezes ? e->ms : 0;
    clock.stood_ms = freezes ? clock.stood_ms : m->units;
    return clock_set(c, broadcast, clock);
}

/* ---- the entry ---- */

static enum result movement_fold(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    static enum result (*const folds[MOVE_KINDS])(struct claims *, const struct ledger_entry *,
                                                  const struct movement *) = {
        [MOVE_RESERVED] = fold_taken,    [MOVE_OFFERED] = fold_taken,       [MOVE_RETAKEN] = fold_taken,
        [MOVE_EXTENDED] = fold_extended, [MOVE_CONFIRMED] = fold_confirmed, [MOVE_VOIDED] = fold_voided,
        [MOVE_RELEASED] = fold_freed,    [MOVE_EXPIRED] = fold_freed,       [MOVE_RECALLED] = fold_freed,
        [MOVE_ALLOCATED] = fold_stock,   [MOVE_WITHDRAWN] = fold_stock,     [MOVE_SYNCED] = fold_stock,
        [MOVE_STOPPED] = fold_stock,     [MOVE_OPENED] = fold_stock,        [MOVE_LIMIT] = fold_stock,
        [MOVE_RECALL] = fold_stock,      [MOVE_BUFFER] = fold_stock,        [MOVE_FROZEN] = fold_clock,
        [MOVE_THAWED] = fold_clock,
    };
    enum result result = RESULT_OK;
    if (m->kind == MOVE_WAITING)
        return wait_join(c, &m->sku, &m->hold.viewer);
    if (m->kind == MOVE_LEFT)
        wait_leave(c, m->sku.text, m->hold.viewer.text);
    else if (m->kind >= MOVE_KINDS || folds[m->kind] == NULL)
        claims_differ(c, e, "%s outside a checkpoint", movement_kind_name(m->kind));
    else
        result = folds[m->kind](c, e, m);
    if (result == RESULT_OK && !c->unfinished && (m->kind == MOVE_CONFIRMED || m->kind == MOVE_RETAKEN))
        count_sales(c, e, m);
    return result;
}

/* One line of a checkpoint that the fold begins at: taken as it is. */
static enum result checkpoint_take(struct claims *c, const struct ledger_entry *e, const struct movement *m)
{
    struct claim *claim = NULL;
    if (m->kind == MOVE_WAITING)
        return wait_join(c, &m->sku, &m->hold.viewer);
    if (m->kind == MOVE_FROZEN || m->kind == MOVE_THAWED)
        return clock_set(
            c, m->hold.broadcast.text,
            (struct claim_clock){.stood_ms = m->units, .frozen_since_ms = m->kind == MOVE_FROZEN ? m->gone : 0});
    if (m->kind != MOVE_KEPT) {
        claims_differ(c, e, "the checkpoint moves something: %s", movement_kind_name(m->kind));
        return RESULT_OK;
    }
    enum result result = claim_keep(c, &m->hold, HOLD_HELD, e->ms, &claim);
    if (result == RESULT_OK)
        audit_move(c, claim, 0, 1, 0);
    return result;
}

static enum result entry_fold(struct claims *c, const struct ledger_entry *e)
{
    enum result result = RESULT_OK;
    bool begins = e->is_checkpoint && c->ledger_id[0] == '\0';
    audit_begin(c);
    if (e->is_checkpoint && !begins) {
        audit_checkpoint(c, e);
        return RESULT_OK;
    }
    for (size_t i = 0; result == RESULT_OK && i < e->movements_count; i++)
        result = begins ? checkpoint_take(c, e, &e->movements[i]) : movement_fold(c, e, &e->movements[i]);
    return result == RESULT_OK ? audit_counts(c, e, begins) : result;
}

/* Decimal numbers of any length, as numbers. */
static int decimal_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    for (; a_len > 0 && *a == '0'; a_len--)
        a++;
    for (; b_len > 0 && *b == '0'; b_len--)
        b++;
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return memcmp(a, b, a_len);
}

/* "ms-seq" by ms, then seq, as numbers: as texts "9-0" would come after "10-0". "" comes before all. */
int ledger_id_order(const char *a, const char *b)
{
    size_t a_ms = strcspn(a, "-"), b_ms = strcspn(b, "-");
    int by_ms = decimal_compare(a, a_ms, b, b_ms);
    if (by_ms != 0 || a[a_ms] == '\0' || b[b_ms] == '\0')
        return by_ms != 0 ? by_ms : (a[a_ms] != '\0') - (b[b_ms] != '\0');
    return decimal_compare(a + a_ms + 1, strlen(a + a_ms + 1), b + b_ms + 1, strlen(b + b_ms + 1));
}

enum result claims_fold(struct claims *c, const struct ledger_entry *e)
{
    if (ledger_id_order(e->id, c->ledger_id) <= 0)
        return RESULT_OK;
    enum result result = entry_fold(c, e);
    c->unfinished = result != RESULT_OK;
    if (result != RESULT_OK)
        return result;
    memcpy(c->ledger_id, e->id, sizeof c->ledger_id);
    c->version++;
    return RESULT_OK;
}
