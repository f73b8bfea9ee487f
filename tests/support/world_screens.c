/* tests/support/world_screens.c - what stands on everybody's screen: a snapshot, and each value told since. When no tick is to
 * come, that must be what is so. */
#include <string.h>

#include "core/orchestrator/journeys.h"
#include "tests/support/world_inner.h"

static struct world_shown *sku_on(struct world_screen *screen, const struct sku_id *sku)
{
    for (size_t i = 0; i < screen->count; i++)
        if (ID_EQUAL(screen->skus[i].sku, *sku))
            return &screen->skus[i];
    MUST(screen->count < ARRAY_LEN(screen->skus));
    struct world_shown *shown = &screen->skus[screen->count++];
    *shown = (struct world_shown){.sku = *sku};
    return shown;
}

static struct claim_sku counts_of(const struct show_view *view, const struct sku_id *sku)
{
    const struct claim_sku *known = claims_sku(view->claims, sku->text);
    return known == NULL ? (struct claim_sku){0} : *known;
}

static void stock_put(struct world_screen *screen, const struct show_view *view, const struct sku_id *sku)
{
    const struct shelf_item *item = broadcast_item(view->broadcast, sku->text);
    MUST(item != NULL); /* what is not on the shelf is not told */
    sku_on(screen, sku)->shown = stock_shown(view->claims, item);
}

void screen_snapshot(struct world_person *p)
{
    struct world_node *n = &p->w->nodes[p->node - 1];
    const struct show_view *view = orchestrator_show(n->o, &world_shop_id, &p->broadcast);
    if (view == NULL)
        return;
    orchestrator_shown(n->o, &world_shop_id, &p->broadcast);
    p->screen = (struct world_screen){0};
    for (size_t i = 0; i < view->broadcast->items_count; i++) {
        const struct sku_id *sku = &view->broadcast->items[i].sku;
        stock_put(&p->screen, view, sku);
        sku_on(&p->screen, sku)->counts = counts_of(view, sku);
    }
    p->screen.audience = p->role == ROLE_HOST ? view->audience : view->audience_shown;
    p->screen.is_told = true;
}

static struct world_person *screen_next(struct world_node *n, const struct show_view *view, size_t *at)
{
    for (struct world *w = n->w; *at < w->people_count; (*at)++) {
        struct world_person *p = &w->people[*at];
        if (p->conn != 0 && p->node == n->number && ID_EQUAL(p->broadcast, view->broadcast->id) && p->screen.is_told)
            return &w->people[(*at)++];
    }
    return NULL;
}

void screens_stock(struct world_node *n, const struct show_view *view, const struct sku_id *skus, size_t count)
{
    size_t at = 0;
    for (struct world_person *p; (p = screen_next(n, view, &at)) != NULL;)
        for (size_t i = 0; i < count; i++)
            stock_put(&p->screen, view, &skus[i]);
}

void screens_counts(struct world_node *n, const struct show_view *view, const struct sku_id *skus, size_t count)
{
    size_t at = 0;
    for (struct world_person *p; (p = screen_next(n, view, &at)) != NULL;)
        for (size_t i = 0; i < count; i++)
            sku_on(&p->screen, &skus[i])->counts = counts_of(view, &skus[i]);
}

void screens_audience(struct world_node *n, const struct show_view *view, enum role role)
{
    size_t at = 0;
    for (struct world_person *p; (p = screen_next(n, view, &at)) != NULL;)
        if (p->role == role)
            p->screen.audience = role == ROLE_HOST ? view->audience : view->audience_shown;
}

/* ---- what must hold ---- */

static void check_sku(struct world_person *p, const struct show_view *view, const struct shelf_item *item)
{
    const struct world_shown *on = sku_on(&p->screen, &item->sku);
    struct stock_shown shown = stock_shown(view->claims, item);
    struct stock_count now = counts_of(view, &item->sku).count;
    if (on->shown.state != shown.state || on->shown.left != shown.left)
        world_fail(p->w, "%s sees %lld of %s (%s), and there are %lld (%s)", p->name, (long long)on->shown.left,
                   item->sku.text, stock_state_name(on->shown.state), (long long)shown.left,
                   stock_state_name(shown.state));
    if (p->role == ROLE_HOST && (on->counts.count.available != now.available || on->counts.count.held != now.held ||
                                 on->counts.count.sold != now.sold))
        world_fail(p->w, "%s sees %s %lld/%lld/%lld, and it is %lld/%lld/%lld", p->name, item->sku.text,
                   (long long)on->counts.count.available, (long long)on->counts.count.held,
                   (long long)on->counts.count.sold, (long long)now.available, (long long)now.held,
                   (long long)now.sold);
}

static void check_screen(struct world_person *p)
{
    struct world_node *n = &p->w->nodes[p->node - 1];
    const struct show_view *view = orchestrator_show(n->o, &world_shop_id, &p->broadcast);
    if (!p->screen.is_told)
        screen_snapshot(p); /* everybody was to be sent one; it may come late */
    if (view == NULL || !p->screen.is_told)
        return;
    const struct values *values = &show_find(n->o, &world_shop_id, &p->broadcast)->values;
    for (size_t i = 0; !values->armed && i < view->broadcast->items_count; i++)
        check_sku(p, view, &view->broadcast->items[i]);
    bool is_host = p->role == ROLE_HOST;
    uint64_t told = is_host ? values->viewers.exact : values->viewers.shown;
    if (!(is_host ? values->viewers.exact_seen : values->viewers.shown_seen) && p->screen.audience != told)
        world_fail(p->w, "%s sees %llu viewers, and the last told were %llu", p->name,
                   (unsigned long long)p->screen.audience, (unsigned long long)told);
}

void check_screens(struct world *w)
{
    for (size_t i = 0; i < w->people_count; i++) {
        struct world_person *p = &w->people[i];
        if (p->conn != 0 && p->role != ROLE_INTEGRATOR)
            check_screen(p);
    }
}
