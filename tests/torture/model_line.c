/* The line for a SKU: who waits, and who is offered what came free. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/rules/hold.h"
#include "inventory/rules/waitlist.h"
#include "tests/torture/model.h"

static struct model_wait *find_place(const struct model_sku *s, const char *viewer, int64_t *ret_ahead)
{
    int64_t ahead = 0;
    list_for_each (at, &s->line) {
        struct model_wait *w = container_of(at, struct model_wait, link);
        if (strcmp(w->wish.viewer.text, viewer) == 0) {
            *ret_ahead = ahead;
            return w;
        }
        ahead++;
    }
    return NULL;
}

static bool is_over_limit(const struct model_sku *s, const char *viewer, int64_t units)
{
    return s->count.limit_per_viewer > 0 && model_taken(s, viewer) + units > s->count.limit_per_viewer;
}

static void drop_place(struct model_sku *s, struct model_wait *w)
{
    list_remove(&w->link);
    s->line_len--;
    free(w);
}

static void tell_line(struct model *m, enum movement_kind kind, const struct model_sku *s, const struct model_wait *w)
{
    struct movement *told = model_tell(m, kind);
    told->hold.viewer = w->wish.viewer;
    told->sku = s->count.sku;
    told->units = w->wish.lines[0].units;
}

/* ---- offers ---- */

static void name_offer(struct hold *h, uint64_t number)
{
    snprintf(h->id.text, sizeof h->id.text, "%c%llu", HOLD_OFFER_MARK, (unsigned long long)number);
}

static void offer(struct model *m, struct model_sku *s, struct model_wait *w)
{
    struct hold claim;
    hold_copy(&claim, &w->wish);
    name_offer(&claim, w->ticket);
    if (model_hold_find(m, claim.id.text) != NULL) /* an offer of that number was put back: the next */
        name_offer(&claim, ++m->tickets);
    claim.offer = true;
    const struct model_hold *h = model_hold_open(m, &claim, w->ttl_ms);
    model_tell_hold(m, MOVE_OFFERED, &h->hold);
    drop_place(s, w);
}

/* The first whose whole wish fits, among the first few. */
static struct model_wait *whose_turn(const struct model_sku *s)
{
    size_t looked_at = 0;
    list_for_each (at, &s->line) {
        struct model_wait *w = container_of(at, struct model_wait, link);
        if (looked_at++ == WAITLIST_LOOK_MAX)
            return NULL;
        if (w->wish.lines[0].units <= stock_left(&s->count))
            return w;
    }
    return NULL;
}

void model_serve(struct model *m, struct model_sku *s)
{
    if (s->count.stopped)
        return;
    for (struct model_wait *w; (w = whose_turn(s)) != NULL;) {
        if (!is_over_limit(s, w->wish.viewer.text, w->wish.lines[0].units)) {
            offer(m, s, w);
            continue;
        }
        tell_line(m, MOVE_LEFT, s, w); /* bought elsewhere meanwhile */
        drop_place(s, w);
    }
}

void model_serve_lines(struct model *m, const struct hold *h)
{
    for (size_t i = 0; i < h->lines_count; i++)
        model_serve(m, model_sku(m, h->lines[i].sku.text));
}

/* ---- joining and leaving ---- */

static const struct model_hold *open_offer(const struct model *m, const char *viewer, const char *sku)
{
    list_for_each (at, &m->all_holds) {
        const struct model_hold *h = container_of(at, struct model_hold, link);
        if (h->hold.offer && h->hold.state == HOLD_HELD && strcmp(h->hold.viewer.text, viewer) == 0 &&
            strcmp(h->hold.lines[0].sku.text, sku) == 0)
            return h;
    }
    return NULL;
}

static enum inventory_answer with_offer(const struct model *m, const struct model_hold *h, struct model_answer *a,
                                        enum inventory_answer answer)
{
    a->has_hold = true;
    a->hold = model_shown(m, &h->hold);
    return answer;
}

static struct model_wait *take_place(struct model *m, struct model_sku *s, const struct inventory_request *r)
{
    struct model_wait *w = calloc(1, sizeof *w);
    MUST(w != NULL);
    hold_copy(&w->wish, &r->hold);
    w->wish.id = (struct hold_id){0};
    w->ttl_ms = r->ttl_ms;
    w->ticket = ++m->tickets;
    list_push_back(&s->line, &w->link);
    s->line_len++;
    return w;
}

enum inventory_answer model_join(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    const char *viewer = r->hold.viewer.text, *sku = r->hold.lines[0].sku.text;
    struct model_sku *s = model_sku(m, sku);
    if (s == NULL)
        return INVENTORY_SKU_UNKNOWN;
    const struct model_hold *offered = open_offer(m, viewer, sku);
    if (offered != NULL)
        return with_offer(m, offered, a, INVENTORY_REPLAYED);
    a->has_ahead = true;
    if (find_place(s, viewer, &a->ahead) != NULL)
        return INVENTORY_REPLAYED;
    a->has_ahead = false;
    if (s->count.stopped)
        return INVENTORY_STOPPED;
    if (is_over_limit(s, viewer, r->hold.lines[0].units))
        return INVENTORY_LIMIT_REACHED;
    tell_line(m, MOVE_WAITING, s, take_place(m, s, r));
    model_serve(m, s);
    offered = open_offer(m, viewer, sku);
    if (offered != NULL)
        return with_offer(m, offered, a, INVENTORY_DONE);
    a->has_ahead = find_place(s, viewer, &a->ahead) != NULL;
    return INVENTORY_DONE;
}

enum inventory_answer model_leave(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    (void)a;
    struct model_sku *s = r->hold.lines_count == 0 ? NULL : model_sku(m, r->hold.lines[0].sku.text);
    int64_t ahead = 0;
    struct model_wait *w = s == NULL ? NULL : find_place(s, r->hold.viewer.text, &ahead);
    if (w == NULL)
        return INVENTORY_REPLAYED;
    tell_line(m, MOVE_LEFT, s, w);
    drop_place(s, w);
    return INVENTORY_DONE;
}

/* An offer that a fail-over lost was put back: its viewer is not in line any more, and its number is taken. */
void model_offer_is_back(struct model *m, const struct hold *h)
{
    struct model_sku *s = model_sku(m, h->lines[0].sku.text);
    int64_t ahead = 0;
    struct model_wait *w = find_place(s, h->viewer.text, &ahead);
    uint64_t ticket = strtoull(h->id.text + 1, NULL, 10);
    if (w != NULL)
        drop_place(s, w);
    if (ticket > m->tickets)
        m->tickets = ticket;
}
