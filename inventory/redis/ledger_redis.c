#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "inventory/redis/metrics.h"
#include "inventory/redis/node.h"

/* By the wall clock of this machine, which may differ from that of Redis: good enough to see a lag of seconds. */
static double ledger_age(const struct ledger_entry *entry)
{
    uv_timeval64_t now = {0};
    if (uv_gettimeofday(&now) != 0)
        return 0;
    double age = (double)now.tv_sec + now.tv_usec / 1e6 - (double)entry->ms / 1e3;
    return age > 0 ? age : 0;
}

static bool ledger_entry(struct tail_stream *s, struct text id, const redisReply *fields)
{
    struct redis_node *n = s->node;
    struct ledger_follow *follow = s->follow;
    struct entry_text text = reply_entry(id, fields);
    struct ledger_entry entry;
    size_t skipped = 0;
    enum result result = entry_parse(&text, &n->tail.room, &entry, &skipped);
    MUST(result != RESULT_NO_MEMORY); /* a ledger with holes is worse than none */
    metric_add(&redis_metrics.skipped_lines, (double)skipped);
    if (result != RESULT_OK || skipped > 0)
        log_error("ledger.unreadable", "shop=%s entry=%.*s lines=%zu", follow->shop.text, (int)id.len, id.at, skipped);
    if (result != RESULT_OK)
        return true;
    metric_set(&redis_metrics.ledger_lag, ledger_age(&entry));
    follow->entry(follow, &entry);
    return true;
}

static void ledger_caught_up(struct tail_stream *s)
{
    struct ledger_follow *follow = s->follow;
    if (follow->caught_up != NULL)
        follow->caught_up(follow);
}

static void ledger_lost(struct tail_stream *s)
{
    struct ledger_follow *follow = s->follow;
    if (follow->lost != NULL)
        follow->lost(follow);
}

static void ledger_rewound(struct tail_stream *s)
{
    struct ledger_follow *follow = s->follow;
    if (follow->rewound != NULL)
        follow->rewound(follow);
}

static void ledger_follow(struct ledger *ledger, struct ledger_follow *follow)
{
    struct redis_node *n = container_of(ledger, struct redis_node, ledger);
    struct tail_stream *s = calloc(1, sizeof *s);
    MUST(s != NULL);
    key_stock(s->key, follow->shop.text, 'g');
    s->follow = follow;
    s->entry = ledger_entry;
    s->caught_up = ledger_caught_up;
    s->lost = ledger_lost;
    s->rewound = ledger_rewound;
    follow->impl[0] = s;
    tail_add(n, s);
}

static void ledger_unfollow(struct ledger *ledger, struct ledger_follow *follow)
{
    struct redis_node *n = container_of(ledger, struct redis_node, ledger);
    if (follow->impl[0] != NULL && !n->is_closing)
        tail_remove(follow->impl[0]);
    follow->impl[0] = NULL;
}

void ledger_setup(struct redis_node *n)
{
    n->ledger.follow = ledger_follow;
    n->ledger.unfollow = ledger_unfollow;
}
