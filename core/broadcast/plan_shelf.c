/* core/broadcast/plan_shelf.c - a new run of show or catalogue: which SKUs are on sale, and what each keeps. */
#include <stdlib.h>
#include <string.h>

#include "core/broadcast/plan.h"

static bool is_priced(const struct money *money) { return money->currency[0] != '\0'; }

/* A SKU that was not on the shelf. One that comes back starts above every version it may have had. */
static void item_enter(const struct broadcast *b, struct shelf_item *item, const struct money *asked)
{
    if (is_priced(asked))
        item->price = (struct price){.money = *asked, .version = b->price_version_floor + 1};
    item->base_price = *asked;
    item->listed_price = *asked;
}

/* A SKU that stays keeps its state and its price: the host may have changed it on air, and a corrected word in the plan
 * must not change it back. Only a shelf that asks for another price than the last one did changes it. */
static void item_stay(const struct shelf_item *old, struct shelf_item *item, const struct money *asked)
{
    item->state = old->state;
    item->recall = old->recall;
    item->price = old->price;
    item->base_price = old->base_price;
    item->listed_price = is_priced(asked) ? *asked : old->listed_price;
    item->offer_ends_ms = old->offer_ends_ms;
    item->price_meant = old->price_meant;
    item->base_meant = old->base_meant;
    item->tripped_version = old->tripped_version;
    if (!is_priced(asked) || money_equal(asked, &old->listed_price) || money_equal(asked, &old->base_price))
        return;
    item->price = price_after(&old->price, asked);
    item->base_price = *asked;
    item->offer_ends_ms = 0;
    item->price_meant = item->base_meant = false;
}

static struct shelf_item item_planned(const struct broadcast *b, const struct shelf_item *from)
{
    struct shelf_item item = *from;
    struct money asked = from->price.money;
    const struct shelf_item *old = broadcast_item(b, from->sku.text);
    item.price = (struct price){0};
    item.base_price = item.listed_price = (struct money){0};
    item.offer_ends_ms = 0;
    item.price_meant = item.base_meant = false;
    item.tripped_version = 0;
    item.state = SKU_OPEN;
    item.recall = RECALL_NONE;
    if (old == NULL)
        item_enter(b, &item, &asked);
    else
        item_stay(old, &item, &asked);
    return item;
}

/* Recalled SKUs stay, also when the new plan leaves them out: otherwise leaving one out and taking it in again would
 * open it. Returns how many items there are. */
static size_t items_plan(const struct plan *p, struct shelf_item *items)
{
    size_t count = 0;
    for (size_t i = 0; i < p->a->items_count; i++)
        items[count++] = item_planned(p->b, &p->a->items[i]);
    for (size_t i = 0; i < p->b->items_count && count < SHELF_ITEMS_MAX; i++)
        if (p->b->items[i].state == SKU_RECALLED && shelf_find(items, count, p->b->items[i].sku.text) == NULL)
            items[count++] = p->b->items[i];
    return count;
}

/* On air the currency is settled: holds and offers are in it. */
static bool items_fit_currency(const struct plan *p, const struct shelf_item *items, size_t count)
{
    bool on_air = p->b->state == BROADCAST_LIVE || p->b->state == BROADCAST_PAUSED;
    const char *currency = on_air ? shelf_currency(p->b->items, p->b->items_count) : NULL;
    if (currency == NULL)
        currency = shelf_currency(items, count);
    for (size_t i = 0; i < count; i++)
        if (items[i].price.version != 0 && strcmp(items[i].price.money.currency, currency) != 0)
            return false;
    return true;
}

static bool item_equal(const struct shelf_item *a, const struct shelf_item *b)
{
    return ID_EQUAL(a->sku, b->sku) && strcmp(a->title, b->title) == 0 && strcmp(a->image, b->image) == 0 &&
           strcmp(a->url, b->url) == 0 && a->price.version == b->price.version &&
           money_equal(&a->price.money, &b->price.money) && money_equal(&a->listed_price, &b->listed_price) &&
           a->limit_per_viewer == b->limit_per_viewer && a->weight_g == b->weight_g && a->state == b->state;
}

static bool shelf_is_new(const struct plan *p, const char *document, const struct shelf_item *items, size_t count)
{
    const char *old = p->b->document;
    if ((document == NULL) != (old == NULL) || (document != NULL && strcmp(document, old) != 0))
        return true;
    bool same = count == p->b->items_count;
    for (size_t i = 0; same && i < count; i++)
        same = item_equal(&items[i], &p->b->items[i]);
    return !same;
}

/* Memory that is not there stops the process: an answer to it would have to be "ask again", and asking again would meet
 * the same. */
enum act_answer plan_shelf(struct plan *p)
{
    MUST(p->a->items_count <= SHELF_ITEMS_MAX);
    struct shelf_item *items = calloc(p->a->items_count + p->b->items_count + 1, sizeof *items);
    MUST(items != NULL);
    size_t count = items_plan(p, items);
    const char *document = p->a->document != NULL ? p->a->document : p->b->document;
    bool fits = items_fit_currency(p, items, count);
    if (!fits || !shelf_is_new(p, document, items, count)) {
        free(items);
        return fits ? ACT_DONE : ACT_CURRENCY;
    }
    struct event *e = plan_add(p, EVENT_SHELF);
    e->u.shelf.items = items;
    e->u.shelf.count = count;
    e->u.shelf.document = document == NULL ? NULL : strdup(document);
    MUST(document == NULL || e->u.shelf.document != NULL);
    return ACT_DONE;
}
