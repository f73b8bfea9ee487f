/* app/demo_shop.h - the demo's side of the shop: what an integrator's system would ask over HTTP, and the tokens of the show. */
#ifndef LIVESHELF_APP_DEMO_SHOP_H
#define LIVESHELF_APP_DEMO_SHOP_H

#include <load_client.h>

#include "app/config.h"
#include "base/types.h"

#define DEMO_SHOP "demo"
#define DEMO_BROADCAST "spring-drop"
#define DEMO_ANSWER_MAX 4096

struct demo_shop {
    struct load_set *set;
    const struct config *config;
    struct broadcast_id broadcast;
    char path[ID_LEN_MAX + 32];                                       /* of the broadcast's socket */
    char integrator[1024], host[1024], viewer[1024], logistics[1024]; /* tokens */
    int status;                                                       /* of the last answer; 0: none came */
    char answer[DEMO_ANSWER_MAX];
    bool answered;
};

/* Tokens, then catalogue, warehouses, broadcast, run of show and first stock; everything that is there from an earlier run stays. Runs the set
 * until it is done. */
MUST_USE enum result demo_shop_open(struct demo_shop *s, struct load_set *set, const struct config *c,
                                    struct fault *fault);
void demo_shop_print_links(const struct demo_shop *s, const char *url);
/* More of a SKU, under a ref of its own; does not wait. */
void demo_shop_restock(struct demo_shop *s, const char *sku, int64_t units);

#endif
