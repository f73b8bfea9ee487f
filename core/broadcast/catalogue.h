/* core/broadcast/catalogue.h - a shop's products by SKU, as folded from its log. Pure. */
#ifndef LIVESHELF_CORE_BROADCAST_CATALOGUE_H
#define LIVESHELF_CORE_BROADCAST_CATALOGUE_H

#include "base/map.h"
#include "base/types.h"
#include "core/broadcast/limits.h"

#define CATALOGUE_PART_MAX 200 /* products in one event */
#define GTIN_LEN_MAX 14

struct product {
    struct sku_id sku;
    char title[TITLE_LEN_MAX + 1];
    struct money price;
    struct money floor;         /* below it a price needs a second person; in the price's currency. No currency: none */
    char image[URL_LEN_MAX + 1];
    char url[URL_LEN_MAX + 1];
    char gtin[GTIN_LEN_MAX + 1];
    uint32_t weight_g;          /* 0: unknown */
    uint32_t size_mm[3];        /* all 0: unknown */
    uint32_t limit_per_viewer;  /* 0: none */
};

struct catalogue {
    struct map by_sku;          /* struct product *, owned */
    struct map incoming;        /* parts of a replacement that is not complete yet */
    uint64_t version;           /* seq of the last event that completed a replacement; 0: empty */
};

struct event;
void catalogue_init(struct catalogue *c);
void catalogue_finish(struct catalogue *c);
MUST_USE enum result catalogue_apply(struct catalogue *c, const struct event *e); /* EVENT_CATALOGUE; others: nothing */
const struct product *catalogue_find(const struct catalogue *c, const char *sku);

#endif
