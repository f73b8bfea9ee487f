/* Long random histories: the fold must agree, after every entry, with a model so simple that it cannot be wrong: arrays,
 * searched from the start. Old entries are delivered again at random. The seed is printed on failure. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "core/broadcast/claims.h"
#include "tests/unit/unit.h"

#define VIEWERS 9
#define SKUS 4
#define STEPS 4000
#define HOLDS_MAX STEPS

struct model_hold {
    enum hold_state state;
    unsigned viewer;
    unsigned sku[2];
    uint32_t units[2];
    unsigned lines;
    int64_t expires_at_ms;
    bool offer;
};
struct model {
    struct rng rng;
    struct model_hold holds[HOLDS_MAX];
    unsigned holds_count;
    unsigned order[HOLDS_MAX]; /* holds by the time they came to be what the fold lists: open or confirmed */
    unsigned order_count;
    struct stock_count counts[SKUS];
    bool counted[SKUS];
    unsigned line[SKUS][VIEWERS];
    unsigned line_count[SKUS];
    int64_t ms;
    uint64_t seq;
    int64_t stood_ms, frozen_since_ms; /* of the one clock */
    struct movement movement;          /* the entry made last */
    struct stock_count told[SKUS];
    size_t told_count;
};

static unsigned below(struct model *m, unsigned bound) { return (unsigned)rng_below(&m->rng, bound); }

static void sku_name(char ret[ID_LEN_MAX + 1], unsigned sku) { snprintf(ret, ID_LEN_MAX + 1, "sku-%u", sku); }
static void viewer_name(char ret[ID_LEN_MAX + 1], unsigned viewer) { snprintf(ret, ID_LEN_MAX + 1, "v_%u", viewer); }

static struct hold hold_written(const struct model *m, unsigned index)
{
    const struct model_hold *from = &m->holds[index];
    struct hold h = {.state = from->state, .expires_at_ms = from->expires_at_ms, .offer = from->offer};
    snprintf(h.id.text, sizeof h.id.text, "h_%u", index);
    viewer_name(h.viewer.text, from->viewer);
    h.lines_count = (uint8_t)from->lines;
    for (unsigned i = 0; i < from->lines; i++) {
        sku_name(h.lines[i].sku.text, from->sku[i]);
        h.lines[i].units = from->units[i];
    }
    return h;
}

static void tell_count(struct model *m, unsigned sku)
{
    m->counted[sku] = true;
    sku_name(m->counts[sku].sku.text, sku);
    m->told[m->told_count++] = m->counts[sku];
}

static void move_units(struct model *m, unsigned index, int64_t available, int64_t held, int64_t sold)
{
    const struct model_hold *h = &m->holds[index];
    for (unsigned i = 0; i < h->lines; i++) {
        struct stock_count *count = &m->counts[h->sku[i]];
        count->available += available * h->units[i];
        count->held += held * h->units[i];
        count->sold += sold * h->units[i];
        tell_count(m, h->sku[i]);
    }
}

static int place_in_line(const struct model *m, unsigned sku, unsigned viewer)
{
    for (unsigned i = 0; i < m->line_count[sku]; i++)
        if (m->line[sku][i] == viewer)
            return (int)i;
    return -1;
}

static void leave_line(struct model *m, unsigned sku, unsigned viewer)
{
    int at = place_in_line(m, sku, viewer);
    if (at < 0)
        return;
    m->line_count[sku]--;
    for (unsigned i = (unsigned)at; i < m->line_count[sku]; i++)
        m->line[sku][i] = m->line[sku][i + 1];
}

static void order_forget(struct model *m, unsigned index)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < m->order_count; i++)
        if (m->order[i] != index)
            m->order[kept++] = m->order[i];
    m->order_count = kept;
}

static void make_hold(struct model *m, enum movement_kind kind)
{
    unsigned index = m->holds_count++;
    struct model_hold *h = &m->holds[index];
    *h = (struct model_hold){.state = HOLD_HELD, .viewer = below(m, VIEWERS), .offer = kind == MOVE_OFFERED};
    h->lines = h->offer ? 1 : 1 + below(m, 2);
    h->sku[0] = below(m, SKUS);
    h->sku[1] = (h->sku[0] + 1) % SKUS;
    h->units[0] = 1 + below(m, 3);
    h->units[1] = 1 + below(m, 3);
    h->expires_at_ms = m->ms + 60000;
    if (h->offer && m->line_count[h->sku[0]] > 0)
        h->viewer = m->line[h->sku[0]][0];
    if (h->offer)
        leave_line(m, h->sku[0], h->viewer);
    m->order[m->order_count++] = index;
    move_units(m, index, -1, 1, 0);
    m->movement.hold = hold_written(m, index);
}

/* What can happen to a hold that was made, by what it is now. */
static bool change_hold(struct model *m, enum movement_kind kind)
{
    unsigned index = m->holds_count == 0 ? 0 : below(m, m->holds_count);
    struct model_hold *h = &m->holds[index];
    bool open = m->holds_count > 0 && h->state == HOLD_HELD;
    bool expired = m->holds_count > 0 && h->state == HOLD_EXPIRED;
    if (kind == MOVE_RETAKEN || kind == MOVE_VOIDED ? !expired : !open)
        return false;
    if (kind == MOVE_EXTENDED) {
        h->expires_at_ms += 30000;
    } else if (kind == MOVE_CONFIRMED) {
        h->state = HOLD_CONFIRMED;
        move_units(m, index, 0, -1, 1);
    } else if (kind == MOVE_RETAKEN) {
        h->state = HOLD_CONFIRMED;
        m->order[m->order_count++] = index;
        move_units(m, index, -1, 0, 1);
    } else if (kind == MOVE_VOIDED) {
        h->state = HOLD_VOID;
    } else {
        h->state = kind == MOVE_EXPIRED ? HOLD_EXPIRED : HOLD_RELEASED;
        order_forget(m, index);
        move_units(m, index, 1, -1, 0);
    }
    m->movement.hold = hold_written(m, index);
    return true;
}

static void change_line(struct model *m, enum movement_kind kind)
{
    unsigned sku = below(m, SKUS), viewer = below(m, VIEWERS);
    if (kind == MOVE_LEFT)
        leave_line(m, sku, viewer);
    else if (place_in_line(m, sku, viewer) < 0)
        m->line[sku][m->line_count[sku]++] = viewer;
    viewer_name(m->movement.hold.viewer.text, viewer);
    sku_name(m->movement.sku.text, sku);
}

static void change_stock(struct model *m, enum movement_kind kind)
{
    unsigned sku = below(m, SKUS);
    struct stock_count *count = &m->counts[sku];
    int64_t units = kind == MOVE_ALLOCATED   ? 20
                    : kind == MOVE_WITHDRAWN ? -5
                    : kind == MOVE_SYNCED    ? 3 - (int)below(m, 5)
                                             : 0;
    count->allocated += units;
    count->available += units;
    m->movement.units = kind == MOVE_WITHDRAWN ? -units : units;
    if (kind == MOVE_STOPPED || kind == MOVE_OPENED)
        count->stopped = kind == MOVE_STOPPED;
    if (kind == MOVE_SYNCED)
        m->movement.version = ++count->version;
    if (kind == MOVE_LIMIT)
        m->movement.units = count->limit_per_viewer = below(m, 4);
    if (kind == MOVE_BUFFER)
        m->movement.units = count->buffer = below(m, 4);
    if (kind == MOVE_RECALL) {
        m->movement.recall = count->recall = (enum recall_mode)below(m, RECALL_MODES);
        count->stopped = true;
    }
    sku_name(m->movement.sku.text, sku);
    tell_count(m, sku);
}

static void change_clock(struct model *m)
{
    m->movement.kind = m->frozen_since_ms == 0 ? MOVE_FROZEN : MOVE_THAWED;
    if (m->frozen_since_ms != 0)
        m->movement.units = m->stood_ms += m->ms - m->frozen_since_ms;
    m->frozen_since_ms = m->frozen_since_ms == 0 ? m->ms : 0;
    strcpy(m->movement.hold.broadcast.text, "show");
}

/* Makes one random entry that fits the history so far. */
static void model_step(struct model *m)
{
    for (;;) {
        /* A hold is kept in a checkpoint only. */
        enum movement_kind kind = below(m, 2) == 0 ? MOVE_RESERVED : (enum movement_kind)below(m, MOVE_KINDS);
        m->movement = (struct movement){.kind = kind, .delay_ms = -1};
        if (kind == MOVE_KEPT)
            continue;
        m->told_count = 0;
        if (kind == MOVE_RESERVED || kind == MOVE_OFFERED)
            make_hold(m, kind);
        else if (kind == MOVE_WAITING || kind == MOVE_LEFT)
            change_line(m, kind);
        else if (kind == MOVE_FROZEN || kind == MOVE_THAWED)
            change_clock(m);
        else if (kind >= MOVE_ALLOCATED)
            change_stock(m, kind);
        else if (!change_hold(m, kind))
            continue;
        return;
    }
}

/* ---- the comparison ---- */

struct counted {
    size_t open, sold;
};

static void count_hold(void *ctx, const struct hold *hold)
{
    struct counted *counted = ctx;
    counted->open += hold->state == HOLD_HELD;
    counted->sold += hold->state == HOLD_CONFIRMED;
}

static void compare_holds_of_sku(const struct model *m, const struct claims *c, unsigned sku)
{
    static const struct hold *open[HOLDS_MAX];
    char name[ID_LEN_MAX + 1];
    struct counted expected = {0}, found = {0};
    for (unsigned i = 0; i < m->order_count; i++) {
        const struct model_hold *h = &m->holds[m->order[i]];
        bool has = h->sku[0] == sku || (h->lines > 1 && h->sku[1] == sku);
        expected.open += has && h->state == HOLD_HELD;
        expected.sold += has && h->state == HOLD_CONFIRMED;
    }
    sku_name(name, sku);
    claims_each_of_sku(c, name, count_hold, &found);
    assert_int_equal(found.open, expected.open);
    assert_int_equal(found.sold, expected.sold);
    assert_int_equal(claims_open_of_sku(c, name, open, HOLDS_MAX), expected.open);
    assert_int_equal(claims_open_of_sku(c, name, open, 1), expected.open > 0);
}

static void compare_skus(const struct model *m, const struct claims *c)
{
    for (unsigned sku = 0; sku < SKUS; sku++) {
        char name[ID_LEN_MAX + 1], viewer[ID_LEN_MAX + 1];
        sku_name(name, sku);
        const struct claim_sku *found = claims_sku(c, name);
        assert_int_equal(found != NULL && found->known, m->counted[sku]);
        assert_int_equal(found == NULL ? 0 : found->waitlist, m->line_count[sku]);
        if (m->counted[sku])
            assert_memory_equal(&found->count, &m->counts[sku], sizeof found->count);
        compare_holds_of_sku(m, c, sku);
        for (unsigned v = 0; v < VIEWERS; v++) {
            viewer_name(viewer, v);
            assert_int_equal(claims_ahead(c, name, viewer), place_in_line(m, sku, v));
        }
    }
}

static void compare_lines(const struct model *m, const struct claims *c)
{
    size_t open = 0;
    for (unsigned sku = 0; sku < SKUS; sku++) {
        char name[ID_LEN_MAX + 1], viewer[ID_LEN_MAX + 1];
        sku_name(name, sku);
        for (unsigned v = 0; v < VIEWERS; v++) {
            viewer_name(viewer, v);
            assert_int_equal(claims_ahead(c, name, viewer), place_in_line(m, sku, v));
        }
    }
    for (unsigned i = 0; i < m->order_count; i++)
        open += m->holds[m->order[i]].state == HOLD_HELD;
    assert_int_equal(c->open, open);
    struct claim_clock clock = claims_clock(c, "show");
    assert_int_equal(clock.stood_ms, m->stood_ms);
    assert_int_equal(clock.frozen_since_ms, m->frozen_since_ms);
}

static size_t expect_in_state(const struct model *m, unsigned viewer, enum hold_state state, const struct hold **held,
                              size_t at)
{
    for (unsigned i = 0; i < m->order_count; i++) {
        if (m->holds[m->order[i]].viewer != viewer || m->holds[m->order[i]].state != state)
            continue;
        struct hold expected = hold_written(m, m->order[i]);
        assert_memory_equal(held[at], &expected, HOLD_SIZE(expected.lines_count));
        at++;
    }
    return at;
}

static void compare_viewers(const struct model *m, const struct claims *c)
{
    static const struct hold *held[HOLDS_MAX];
    for (unsigned viewer = 0; viewer < VIEWERS; viewer++) {
        char name[ID_LEN_MAX + 1];
        struct sku_id waits[SKUS + 1];
        viewer_name(name, viewer);
        size_t count = claims_of_viewer(c, name, held, HOLDS_MAX);
        size_t open = expect_in_state(m, viewer, HOLD_HELD, held, 0);
        assert_int_equal(expect_in_state(m, viewer, HOLD_CONFIRMED, held, open), count);
        size_t waiting = 0;
        for (unsigned sku = 0; sku < SKUS; sku++)
            waiting += place_in_line(m, sku, viewer) >= 0;
        assert_int_equal(claims_waits_of_viewer(c, name, waits, SKUS + 1), waiting);
    }
}

static void give(struct claims *c, const struct model *m, const char *id)
{
    struct ledger_entry e = {
        .movements = &m->movement, .movements_count = 1, .counts = m->told, .counts_count = m->told_count};
    snprintf(e.id, sizeof e.id, "%s", id);
    e.ms = m->ms;
    assert_int_equal(claims_fold(c, &e), RESULT_OK);
}

/* The whole state as one entry: a checkpoint. */
static void checkpoint(struct model *m, struct claims *c, const char *id)
{
    static struct movement kept[HOLDS_MAX + SKUS * VIEWERS + 1];
    static struct stock_count counts[SKUS];
    struct ledger_entry e = {.ms = m->ms, .is_checkpoint = true, .movements = kept, .counts = counts};
    for (unsigned i = 0; i < m->order_count; i++)
        if (m->holds[m->order[i]].state == HOLD_HELD)
            kept[e.movements_count++] = (struct movement){.kind = MOVE_KEPT, .hold = hold_written(m, m->order[i])};
    for (unsigned sku = 0; sku < SKUS; sku++) {
        if (m->counted[sku])
            counts[e.counts_count++] = m->counts[sku];
        for (unsigned i = 0; i < m->line_count[sku]; i++) {
            struct movement *waits = &kept[e.movements_count++];
            *waits = (struct movement){.kind = MOVE_WAITING, .units = 1};
            sku_name(waits->sku.text, sku);
            viewer_name(waits->hold.viewer.text, m->line[sku][i]);
        }
    }
    if (m->stood_ms > 0 || m->frozen_since_ms > 0) {
        struct movement *clock = &kept[e.movements_count++];
        *clock = (struct movement){.kind = m->frozen_since_ms > 0 ? MOVE_FROZEN : MOVE_THAWED, .units = m->stood_ms};
        clock->gone = m->frozen_since_ms;
        strcpy(clock->hold.broadcast.text, "show");
    }
    snprintf(e.id, sizeof e.id, "%s", id);
    assert_int_equal(claims_fold(c, &e), RESULT_OK);
    if (c->differences > 0)
        print_error("%s\n", c->difference);
    assert_int_equal(c->differences, 0);
}

/* A fold that begins at a checkpoint here goes on like one that was there from the start, but for what was sold before. */
static void begin_here(struct model *m, const char *id)
{
    struct claims c;
    claims_init(&c);
    checkpoint(m, &c, id);
    compare_lines(m, &c);
    assert_int_equal(c.version, 1);
    claims_finish(&c);
}

static void run_history(uint64_t seed)
{
    static struct model m;
    struct claims c;
    unsigned entries = 0;
    char id[LEDGER_ID_LEN_MAX + 1], before[LEDGER_ID_LEN_MAX + 1] = "0-0";
    m = (struct model){.ms = 95};
    rng_seed(&m.rng, seed);
    claims_init(&c);
    for (unsigned step = 0; step < STEPS; step++) {
        if (below(&m, 3) == 0) {
            m.ms += 1 + below(&m, 50);
            m.seq = 0;
        } else {
            m.seq++;
        }
        snprintf(id, sizeof id, "%" PRId64 "-%" PRIu64, m.ms, m.seq);
        model_step(&m);
        give(&c, &m, id);
        if (below(&m, 10) == 0)
            give(&c, &m, below(&m, 2) == 0 ? id : before); /* delivered again, or late: known already */
        strcpy(before, id);
        assert_int_equal(c.version, ++entries);
        if (step % 500 == 499) {
            snprintf(id, sizeof id, "%" PRId64 "-%" PRIu64, m.ms, ++m.seq);
            checkpoint(&m, &c, id);
            begin_here(&m, id);
            entries++;
        }
        if (c.differences > 0)
            print_error("%s\n", c.difference);
        assert_int_equal(c.differences, 0);
        compare_skus(&m, &c);
        if (step % 16 == 0)
            compare_viewers(&m, &c);
    }
    compare_viewers(&m, &c);
    assert_int_equal(c.holds.count, m.order_count);
    claims_finish(&c);
}

static void the_fold_agrees_with_a_naive_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        print_message("seed %" PRIu64 "\n", seed);
        run_history(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_fold_agrees_with_a_naive_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
