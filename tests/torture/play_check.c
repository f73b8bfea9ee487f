/* The whole state, seen from every side: the port, the fold of the ledger, and what the stage can say of itself. */
#include <stdlib.h>
#include <string.h>

#include "tests/torture/play.h"

/* Every hold the model knows is read through the port, some hundred at a time; play_group compares. */
static bool read_holds(struct play *p)
{
    size_t count = 0, most = p->model.holds.count;
    struct hold_id *ids = calloc(most + 1, sizeof *ids);
    MUST(ids != NULL);
    list_for_each (at, &p->model.all_holds)
        ids[count++] = container_of(at, struct model_hold, link)->hold.id;
    bool is_right = true;
    for (size_t i = 0; i < count && is_right;) {
        size_t n = 0;
        for (; n < GROUP_MAX && i < count; n++, i++)
            p->asked[n] = (struct inventory_request){.op = INVENTORY_HOLD_GET, .shop = {SHOP}, .hold.id = ids[i]};
        is_right = play_group(p, n);
    }
    free(ids);
    return is_right;
}

/* ---- the fold ---- */

static void check_folded_hold(struct play *p, const struct hold *h)
{
    const struct hold *folded = claims_hold(&p->claims, h->id.text);
    bool is_there = h->state == HOLD_HELD || h->state == HOLD_CONFIRMED;
    if (is_there ? folded != NULL && told_same_hold(folded, h) : folded == NULL)
        return;
    bytes_text(&p->difference, "  a hold in the fold of the ledger\n  expected: ");
    told_write_hold(&p->difference, h);
    bytes_text(&p->difference, "\n  got:      ");
    if (folded != NULL)
        told_write_hold(&p->difference, folded);
    bytes_text(&p->difference, "\n");
}

static void check_folded_sku(struct play *p, const struct model_sku *s)
{
    const struct claim_sku *folded = claims_sku(&p->claims, s->count.sku.text);
    if (folded != NULL && told_same_count(&folded->count, &s->count) && folded->waitlist == s->line_len)
        return;
    bytes_format(&p->difference,
                 "  a SKU in the fold of the ledger, %lld in line\n  expected: ", (long long)s->line_len);
    told_write_count(&p->difference, &s->count);
    bytes_format(&p->difference, "\n  got, %lld in line: ", folded == NULL ? -1LL : (long long)folded->waitlist);
    if (folded != NULL)
        told_write_count(&p->difference, &folded->count);
    bytes_text(&p->difference, "\n");
}

static void check_folded_clock(struct play *p, const struct model_clock *c)
{
    struct claim_clock folded = claims_clock(&p->claims, c->broadcast.text);
    if (folded.stood_ms == c->stood_ms && folded.frozen_since_ms == (c->is_frozen ? c->since_ms : 0))
        return;
    bytes_format(&p->difference,
                 "  the clock of %s in the fold: stood %lld, expected %lld; frozen %lld, expected %lld\n",
                 c->broadcast.text, (long long)folded.stood_ms, (long long)c->stood_ms,
                 (long long)folded.frozen_since_ms, (long long)(c->is_frozen ? c->since_ms : 0));
}

static bool check_fold(struct play *p)
{
    list_for_each (at, &p->model.all_holds)
        if (p->difference.len == 0)
            check_folded_hold(p, &container_of(at, struct model_hold, link)->hold);
    list_for_each (at, &p->model.all_skus)
        if (p->difference.len == 0)
            check_folded_sku(p, container_of(at, struct model_sku, link));
    list_for_each (at, &p->model.all_clocks)
        if (p->difference.len == 0)
            check_folded_clock(p, container_of(at, struct model_clock, link));
    return p->difference.len == 0;
}

bool play_check(struct play *p, bool audit) { return read_holds(p) && check_fold(p) && play_check_stage(p, audit); }
