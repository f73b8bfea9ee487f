#include "core/broadcast/catalogue.h"

#include <stdlib.h>

#include "core/broadcast/event.h"

static void products_finish(struct map *products)
{
    size_t at = 0;
    const char *sku;
    void *product;
    while (map_next(products, &at, &sku, &product))
        free(product);
    map_finish(products);
}

void catalogue_init(struct catalogue *c)
{
    *c = (struct catalogue){0};
    map_init(&c->by_sku, CATALOGUE_PRODUCTS_MAX);
}

void catalogue_finish(struct catalogue *c)
{
    if (c == NULL)
        return;
    products_finish(&c->by_sku);
    products_finish(&c->incoming);
    *c = (struct catalogue){0};
}

/* A SKU named twice keeps its last product. */
static enum result product_keep(struct map *products, const struct product *from)
{
    struct product *old = map_get(products, from->sku.text);
    if (old != NULL) {
        *old = *from;
        return RESULT_OK;
    }
    struct product *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return RESULT_NO_MEMORY;
    *copy = *from;
    enum result result = map_set(products, copy->sku.text, copy);
    if (result != RESULT_OK)
        free(copy);
    return result;
}

/* `incoming` has a limit from its first part on: without one no replacement is under way. */
static enum result part_apply(struct catalogue *c, const struct event *e)
{
    if (e->u.catalogue.first) {
        products_finish(&c->incoming);
        map_init(&c->incoming, CATALOGUE_PRODUCTS_MAX);
    }
    if (c->incoming.limit == 0)
        return RESULT_MALFORMED;
    enum result result = RESULT_OK;
    for (size_t i = 0; result == RESULT_OK && i < e->u.catalogue.count; i++)
        result = product_keep(&c->incoming, &e->u.catalogue.products[i]);
    if (result == RESULT_OK && e->u.catalogue.last) {
        products_finish(&c->by_sku);
        c->by_sku = c->incoming;
        c->incoming = (struct map){0};
        c->version = e->seq;
    }
    return result;
}

enum result catalogue_apply(struct catalogue *c, const struct event *e)
{
    if (e->kind != EVENT_CATALOGUE)
        return RESULT_OK;
    enum result result = part_apply(c, e);
    if (result != RESULT_OK)
        products_finish(&c->incoming); /* the rest of its parts is refused as well: never half a catalogue */
    return result;
}

const struct product *catalogue_find(const struct catalogue *c, const char *sku) { return map_get(&c->by_sku, sku); }
