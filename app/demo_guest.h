/* app/demo_guest.h - one simulated viewer of the demo: comes, looks, claims, pays or does not, leaves; then somebody new comes.
 * A real WebSocket client with a public token, like the page. */
#ifndef LIVESHELF_APP_DEMO_GUEST_H
#define LIVESHELF_APP_DEMO_GUEST_H

#include <load_viewer.h>

#include "app/demo_shop.h"

struct demo_guest {
    struct load_viewer viewer; /* first: callbacks get this */
    struct demo_shop *shop;
    struct load_timer next, leave, look; /* look: says what moment of the video is on their screen */
    int64_t lag_ms;                      /* which is so much behind the host */
    void (*act)(struct demo_guest *g);   /* what `next` does */
    struct sku_id wish;                  /* none: nothing on their mind */
    struct hold_id hold;                 /* none: nothing in their hands */
    int64_t total_minor;
    char currency[4];
    bool waiting, gone; /* in line; left for good, the next one is another person */
    struct load_http pay;
    bool paying;
    char pay_path[ID_LEN_MAX + 32], pay_body[256], pay_key[ID_LEN_MAX + 8];
};

/* Comes in after `delay_ms`. The guest may not move afterwards. */
void demo_guest_init(struct demo_guest *g, struct demo_shop *shop, int64_t delay_ms);

#endif
