/* app/demo_host.h - the demo's automatic host: starts the show, promises a gift with the first product, goes from cue to cue, and
 * round again; sends for more stock when something runs low. It steps back as soon as a person acts in the console. */
#ifndef LIVESHELF_APP_DEMO_HOST_H
#define LIVESHELF_APP_DEMO_HOST_H

#include <load_viewer.h>

#include "app/demo_shop.h"
#include "core/broadcast/limits.h"

#define DEMO_SKUS_MAX 32

struct demo_host {
    struct load_viewer viewer; /* first: callbacks get this */
    struct demo_shop *shop;
    bool hosting; /* false: only stock is looked after */
    struct load_timer next, back;
    char state[16];
    struct cue_id cues[CUES_MAX];
    size_t cues_count, cue; /* `cue`: the next to go to */
    bool promised;          /* the gift, in this run */
    bool asking;            /* an act of ours is under way: what happens meanwhile is ours */
    int64_t own_seq;        /* up to here events were ours */
    int64_t others_ms;      /* when a person last acted; 0: never */
    struct demo_restock {
        struct sku_id sku;
        int64_t due_ms; /* 0: none is on its way */
    } restocks[DEMO_SKUS_MAX];
};

void demo_host_init(struct demo_host *h, struct demo_shop *shop, bool hosting); /* may not move afterwards */

#endif
