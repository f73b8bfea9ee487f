#include "tests/torture/game.h"

#include "inventory/rules/hold.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define GROUP_OF_ONE_CALL                                                                                              \
    100 /* what may make a crowd due at once comes alone: only before a group a crowd is looked for */

static uint64_t below(struct game *g, uint64_t bound) { return rng_below(&g->rng, bound); }
static bool one_in(struct game *g, uint64_t bound) { return below(g, bound) == 0; }
static int64_t between(struct game *g, int64_t low, int64_t high)
{
    return low + (int64_t)below(g, (uint64_t)(high - low + 1));
}

/* ---- a temper ---- */

static const unsigned usual_weights[INVENTORY_OPS] = {
    [INVENTORY_RESERVE] = 300,       [INVENTORY_EXTEND] = 80,    [INVENTORY_CONFIRM] = 120,
    [INVENTORY_RELEASE] = 90,        [INVENTORY_TAKE_BACK] = 30, [INVENTORY_WAITLIST_JOIN] = 110,
    [INVENTORY_WAITLIST_LEAVE] = 25, [INVENTORY_ALLOCATE] = 30,  [INVENTORY_WITHDRAW] = 20,
    [INVENTORY_SYNC] = 14,           [INVENTORY_STOP] = 6,       [INVENTORY_OPEN] = 40,
    [INVENTORY_LIMIT] = 14,          [INVENTORY_RECALL] = 10,    [INVENTORY_BUFFER] = 12,
    [INVENTORY_FREEZE] = 14,         [INVENTORY_CHECKPOINT] = 2, [INVENTORY_HOLD_GET] = 30,
    [INVENTORY_EXPIRE] = 10,
};

void game_init(struct game *g, uint64_t seed, const struct model *model, bool anywhere)
{
    static const int64_t units[] = {2, 6, 30, 400}, ttls[] = {40, 3 * SECOND, 60 * SECOND, 20 * HOUR};
    static const unsigned groups[] = {4, 30, 60, GROUP_MAX};
    *g = (struct game){.seed = seed, .model = model, .anywhere = anywhere};
    rng_seed(&g->rng, seed);
    g->skus = (unsigned)between(g, 1, GAME_SKUS_MAX);
    g->viewers = one_in(g, 2) ? 6 : 50;
    g->broadcasts = (unsigned)between(g, 1, GAME_BROADCASTS_MAX);
    g->units_most = units[below(g, ARRAY_LEN(units))];
    g->ttl_ms = ttls[below(g, ARRAY_LEN(ttls))];
    g->group_most = groups[below(g, ARRAY_LEN(groups))];
    g->leap_one_in = 1 + 3000 / (g->group_most / 2 + 1);
    g->sku_life = one_in(g, 2) ? 60 : 3000; /* groups */
    g->join_units_most = one_in(g, 2) ? 2 : 6;
    for (size_t op = 0; op < INVENTORY_OPS; op++) {
        g->weights[op] = usual_weights[op];
        if (op == INVENTORY_LIMIT && one_in(g, 2)) /* what no limit counts goes another way */
            g->weights[op] = 0;
        if (one_in(g, 4)) /* some seeds do much of one thing, and none of another */
            g->weights[op] *= (unsigned)below(g, 4);
        g->weights_sum += g->weights[op];
    }
    g->weights[INVENTORY_RESERVE] += 50;
    g->weights_sum += 50;
}

static enum inventory_op some_op(struct game *g)
{
    uint64_t at = below(g, g->weights_sum);
    enum inventory_op op = 0;
    while (at >= g->weights[op])
        at -= g->weights[op++];
    return op;
}

size_t game_group(struct game *g, int64_t now_ms, struct inventory_request *asked)
{
    g->now_ms = now_ms;
    if (one_in(g, g->sku_life)) /* what is new has no limit yet, and nobody in line */
        g->first_sku++;
    g->rush_ttl_ms = 0;
    if (one_in(g, 5))
        game_rush(g);
    size_t count = (size_t)between(g, 1, one_in(g, 3) ? g->group_most : g->group_most / 4 + 1);
    for (size_t i = 0; i < count; i++) {
        asked[i] = (struct inventory_request){.shop = {SHOP}};
        g->is_first = i == 0; /* what the requests before it do to the lines is not known yet */
        asked[i].op = some_op(g);
        bool may_make_a_crowd = asked[i].op == INVENTORY_FREEZE || asked[i].op == INVENTORY_RECALL;
        if (may_make_a_crowd && count > GROUP_OF_ONE_CALL)
            asked[i].op = INVENTORY_OPEN;
        game_ask(g, &asked[i]);
    }
    return count;
}

void game_learn(struct game *g)
{
    for (size_t i = 0; i < g->model->told_kept; i++)
        if (g->model->told[i].kind == MOVE_OFFERED || g->model->told[i].kind == MOVE_RESERVED)
            game_use_id(g, &g->model->told[i].hold.id);
}

/* ---- time ---- */

/* Just before, at, or just after the end of something; or of its day. */
static int64_t near_an_end(struct game *g, int64_t now_ms)
{
    struct hold_id id;
    game_some_id(g, &id);
    const struct model_hold *h = model_hold_find(g->model, id.text);
    if (h == NULL)
        return now_ms;
    const struct hold shown = model_shown(g->model, &h->hold);
    return shown.expires_at_ms + (h->hold.state == HOLD_HELD ? 0 : HOLD_RETAIN_MS) +
           between(g, one_in(g, 3) ? -9 : -1, 1);
}

int64_t game_time(struct game *g, int64_t now_ms)
{
    int64_t then = now_ms;
    if (one_in(g, 4))
        then += between(g, 0, 20);
    if (one_in(g, 12))
        then += between(g, 0, g->ttl_ms);
    if (one_in(g, 6)) {
        int64_t end = near_an_end(g, now_ms);
        if (end > now_ms && (end < now_ms + 8 * g->ttl_ms || one_in(g, 20)))
            then = end;
    }
    if (one_in(g, (uint64_t)g->leap_one_in))
        then += (one_in(g, 3) ? 25 : 12) * HOUR;
    if (play_may_step_back && one_in(g, 60)) {
        int64_t back = then - between(g, 1, 5 * SECOND);
        then = back > g->model->forgotten_ms && g->model->owed == 0 ? back : then;
    }
    return then;
}

/* ---- kills ---- */

enum kill_kind game_kill(struct game *g, size_t count, size_t *ret_call, unsigned *ret_after_us)
{
    static const enum kill_kind kinds[] = {KILL_BEFORE, KILL_UNREAD, KILL_UNANSWERED, KILL_UNANSWERED, KILL_AFTER};
    *ret_call = count > GROUP_OF_ONE_CALL && one_in(g, 2) ? 2 : 1;
    *ret_after_us = (unsigned)below(g, 2000);
    if (g->anywhere && one_in(g, 3))
        return KILL_ANYWHERE;
    return kinds[below(g, ARRAY_LEN(kinds))];
}
