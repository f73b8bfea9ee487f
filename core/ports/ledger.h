/* core/ports/ledger.h - a shop's stock movements, in order, from the first (or the last checkpoint) on. Real: inventory/redis.
 * Stand-in: inventory/memory. Listeners run on the loop thread, never from inside ledger.follow. */
#ifndef LIVESHELF_CORE_PORTS_LEDGER_H
#define LIVESHELF_CORE_PORTS_LEDGER_H

#include "core/broadcast/claims.h"

struct ledger_follow {  /* owned by the caller until unfollow */
    struct shop_id shop;
    void (*entry)(struct ledger_follow *follow, const struct ledger_entry *entry); /* borrowed for the call */
    void (*caught_up)(struct ledger_follow *follow);  /* after the first full read and after each reconnect */
    void (*lost)(struct ledger_follow *follow);       /* not reachable now; delivery goes on by itself later */
    void (*rewound)(struct ledger_follow *follow);    /* history was lost: everything is delivered again from the start */
    void *impl[8];
};

struct ledger {
    void (*follow)(struct ledger *ledger, struct ledger_follow *follow);
    void (*unfollow)(struct ledger *ledger, struct ledger_follow *follow);
};

#endif
