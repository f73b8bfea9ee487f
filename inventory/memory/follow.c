/* inventory/memory/follow.c - followers of ledgers and logs. A wake-up is a timer; when it fires everything new is
 * delivered in order. */
#include "inventory/memory/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct follow {
    struct list link; /* of the node */
    struct memory_node *node;
    struct clock_timer timer;
    bool awaiting;       /* the timer runs */
    bool repeats;        /* deliver the last entry once more */
    bool says_caught_up; /* after the next delivery */
    bool came_back;      /* compare what was delivered with what is there */
    bool is_delivering, is_gone;
    size_t given;                 /* entries delivered, or skipped at the follower's wish */
    uint64_t last_hash;           /* of the last of them; 0: none seen */
    struct ledger_follow *ledger; /* one of the two */
    struct log_follow *log;
};

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t entry_hash(const struct truth_entry *e)
{
    uint64_t hash = hash_bytes(UINT64_C(14695981039346656037), e->id, strlen(e->id));
    for (size_t i = 0; i < e->moves_count; i++) {
        const struct truth_move *m = &e->moves[i];
        hash = hash_bytes(hash, &m->kind, sizeof m->kind);
        hash = hash_bytes(hash, m->sku.text, strlen(m->sku.text));
        hash = hash_bytes(hash, &m->units, sizeof m->units);
        if (m->hold != NULL)
            hash = hash_bytes(hash, m->hold->id.text, strlen(m->hold->id.text));
    }
    return hash | 1;
}

static size_t follow_head(const struct follow *f)
{
    struct memory_world *w = f->node->world;
    return f->ledger != NULL ? world_shop(w, &f->ledger->shop)->entries_count
                             : world_log(w, f->log->kind, &f->log->shop, &f->log->broadcast)->count;
}

/* Of entry number `at` + 1. */
static uint64_t follow_hash(const struct follow *f, size_t at)
{
    struct memory_world *w = f->node->world;
    if (f->ledger != NULL)
        return entry_hash(&world_shop(w, &f->ledger->shop)->entries[at]);
    const struct world_entry *e = &world_log(w, f->log->kind, &f->log->shop, &f->log->broadcast)->entries[at];
    return hash_bytes(UINT64_C(14695981039346656037), e->data, e->len) | 1;
}

static void give_ledger_entry(struct ledger_follow *follow, const struct truth_entry *e)
{
    struct movement *movements = truth_alloc((e->moves_count + 1) * sizeof *movements);
    for (size_t i = 0; i < e->moves_count; i++) {
        const struct truth_move *m = &e->moves[i];
        movements[i].kind = m->kind;
        movements[i].ms = e->ms;
        movements[i].sku = m->sku;
        movements[i].units = m->units;
        movements[i].gone = m->gone;
        movements[i].version = m->version;
        movements[i].delay_ms = m->delay_ms;
        movements[i].recall = m->recall;
        memcpy(movements[i].ref, m->ref, sizeof m->ref);
        if (m->hold != NULL)
            hold_copy(&movements[i].hold, m->hold);
    }
    struct ledger_entry entry = {.ms = e->ms,
                                 .is_checkpoint = e->is_checkpoint,
                                 .movements = movements,
                                 .movements_count = e->moves_count,
                                 .counts = e->counts,
                                 .counts_count = e->counts_count};
    memcpy(entry.id, e->id, sizeof entry.id);
    follow->entry(follow, &entry);
    free(movements);
}

static void follow_give(struct follow *f, size_t at)
{
    struct memory_world *w = f->node->world;
    if (f->ledger != NULL) {
        give_ledger_entry(f->ledger, &world_shop(w, &f->ledger->shop)->entries[at]);
    } else {
        const struct world_entry *e = &world_log(w, f->log->kind, &f->log->shop, &f->log->broadcast)->entries[at];
        f->log->entry(f->log, at + 1, e->data, e->len);
    }
}

static bool follow_was_rewound(const struct follow *f)
{
    if (f->given == 0)
        return false;
    return f->given > follow_head(f) || (f->last_hash != 0 && f->last_hash != follow_hash(f, f->given - 1));
}

static void follow_rewind(struct follow *f)
{
    f->given = 0;
    f->last_hash = 0;
    if (f->ledger != NULL && f->ledger->rewound != NULL)
        f->ledger->rewound(f->ledger);
    if (f->log != NULL && f->log->rewound != NULL)
        f->log->rewound(f->log);
}

static void follow_say_caught_up(struct follow *f)
{
    f->says_caught_up = false;
    if (f->ledger != NULL && f->ledger->caught_up != NULL)
        f->ledger->caught_up(f->ledger);
    if (f->log != NULL && f->log->caught_up != NULL)
        f->log->caught_up(f->log);
}

static void follow_deliver(struct follow *f)
{
    if (f->came_back && follow_was_rewound(f))
        follow_rewind(f);
    f->came_back = false;
    if (f->repeats && f->ledger != NULL && f->given > 0 && !f->is_gone)
        f->given--;
    f->repeats = false;
    while (!f->is_gone && f->given < follow_head(f)) {
        f->last_hash = follow_hash(f, f->given);
        follow_give(f, f->given++);
    }
    if (!f->is_gone && f->says_caught_up)
        follow_say_caught_up(f);
}

static void follow_fired(struct clock_timer *timer)
{
    struct follow *f = container_of(timer, struct follow, timer);
    f->awaiting = false;
    if (f->node->off)
        return;
    f->is_delivering = true;
    follow_deliver(f);
    f->is_delivering = false;
    if (f->is_gone)
        free(f);
}

static void follow_arm(struct follow *f)
{
    if (f->awaiting)
        return;
    struct memory_node *n = f->node;
    const struct memory_config *config = &n->world->config;
    struct memory_fate fate = {0};
    struct memory_delivery delivery = {f->ledger != NULL ? MEMORY_LEDGER_WAKE : MEMORY_LOG_WAKE, &n->id,
                                       f->ledger != NULL ? &f->ledger->shop : &f->log->shop, 1};
    if (config->fate != NULL)
        config->fate(config->ctx, &delivery, &fate);
    f->awaiting = true;
    f->repeats = fate.repeated;
    n->clock->start(n->clock, &f->timer, fate.after_ms);
}

void follow_wake_ledger(struct memory_world *w, const struct shop_id *shop)
{
    list_for_each (node_at, &w->nodes) {
        struct memory_node *n = container_of(node_at, struct memory_node, link);
        list_for_each (at, &n->follows) {
            struct follow *f = container_of(at, struct follow, link);
            if (!n->off && f->ledger != NULL && ID_EQUAL(f->ledger->shop, *shop))
                follow_arm(f);
        }
    }
}

static bool follow_is_of(const struct follow *f, const struct log_append *append)
{
    return f->log != NULL && f->log->kind == append->kind && ID_EQUAL(f->log->shop, append->shop) &&
           ID_EQUAL(f->log->broadcast, append->broadcast);
}

void follow_wake_log(struct memory_world *w, const struct log_append *append)
{
    list_for_each (node_at, &w->nodes) {
        struct memory_node *n = container_of(node_at, struct memory_node, link);
        list_for_each (at, &n->follows) {
            struct follow *f = container_of(at, struct follow, link);
            if (!n->off && follow_is_of(f, append))
                follow_arm(f);
        }
    }
}

static struct follow *follow_new(struct memory_node *n)
{
    struct follow *f = truth_alloc(sizeof *f);
    f->node = n;
    f->timer.fire = follow_fired;
    f->says_caught_up = true;
    f->came_back = true;
    list_push_back(&n->follows, &f->link);
    return f;
}

static void follow_forget(struct follow *f)
{
    struct clock *clock = f->node->clock;
    clock->stop(clock, &f->timer);
    list_remove(&f->link);
    f->is_gone = true;
    if (!f->is_delivering)
        free(f);
}

static void ledger_follow(struct ledger *ledger, struct ledger_follow *follow)
{
    struct memory_node *n = container_of(ledger, struct memory_node, ledger);
    struct follow *f = follow_new(n);
    f->ledger = follow;
    follow->impl[0] = f;
    if (!n->off)
        follow_arm(f);
}

static void ledger_unfollow(struct ledger *ledger, struct ledger_follow *follow)
{
    (void)ledger;
    if (follow->impl[0] != NULL)
        follow_forget(follow->impl[0]);
    follow->impl[0] = NULL;
}

static void log_follow(struct log *log, struct log_follow *follow)
{
    struct memory_node *n = container_of(log, struct memory_node, log);
    struct follow *f = follow_new(n);
    f->log = follow;
    f->given = follow->from_seq;
    follow->impl[0] = f;
    if (!n->off)
        follow_arm(f);
}

static void log_unfollow(struct log *log, struct log_follow *follow)
{
    (void)log;
    if (follow->impl[0] != NULL)
        follow_forget(follow->impl[0]);
    follow->impl[0] = NULL;
}

void follow_setup(struct memory_node *n)
{
    list_init(&n->follows);
    n->ledger.follow = ledger_follow;
    n->ledger.unfollow = ledger_unfollow;
    n->log.follow = log_follow;
    n->log.unfollow = log_unfollow;
}

void follow_cut(struct memory_node *n, bool off)
{
    list_for_each (at, &n->follows) {
        struct follow *f = container_of(at, struct follow, link);
        f->says_caught_up = true;
        f->came_back = true;
        if (!off)
            follow_arm(f);
        else if (f->ledger != NULL && f->ledger->lost != NULL)
            f->ledger->lost(f->ledger);
    }
}

bool follow_is_quiet(const struct memory_node *n)
{
    list_for_each (at, &n->follows)
        if (container_of(at, struct follow, link)->awaiting)
            return false;
    return true;
}

void follow_drop_all(struct memory_node *n)
{
    list_for_each (at, &n->follows) {
        struct follow *f = container_of(at, struct follow, link);
        if (f->ledger != NULL)
            f->ledger->impl[0] = NULL;
        else
            f->log->impl[0] = NULL;
        follow_forget(f);
    }
}
