/* tests/contract/inventory/differential.c - the same random game played to memory and to Redis.
 *
 *     contract_inventory_differential [seed [operations]]
 *
 * Batches of random operations, with time standing still, passing and leaping a day. Every answer must be the same, and in
 * the end every hold, every count and the whole ledger. The seed is printed on failure. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rng.h"
#include "tests/contract/inventory/stage.h"

#define BATCH_MOST 40
#define IDS 60 /* so many hold ids are in use at a time */
#define SKUS 5
#define VIEWERS 9

struct game {
    struct stage memory, redis;
    struct rng rng;
    uint64_t seed;
    size_t operations;
    unsigned first_id;        /* the window of ids moves on */
    unsigned favourite;       /* an id that many operations meet on */
    struct hold_id stretched; /* extended last: extended again until it may not be */
    unsigned refs;
    int64_t versions[SKUS];
    size_t answers[INVENTORY_ANSWERS];
};

static uint64_t below(struct game *g, uint64_t bound) { return rng_below(&g->rng, bound); }
static bool one_in(struct game *g, uint64_t bound) { return below(g, bound) == 0; }

/* ---- random requests ---- */

static void some_hold_id(struct game *g, struct hold_id *ret)
{
    if (one_in(g, 30))
        g->favourite = g->first_id + (unsigned)below(g, IDS);
    if (one_in(g, 4))
        snprintf(ret->text, sizeof ret->text, "h%u", g->favourite);
    else if (one_in(g, 6))
        snprintf(ret->text, sizeof ret->text, "~%" PRIu64, 1 + below(g, 1 + g->operations / 60));
    else
        snprintf(ret->text, sizeof ret->text, "h%" PRIu64, g->first_id + below(g, IDS));
}

static void some_viewer(struct game *g, struct viewer_id *ret)
{
    snprintf(ret->text, sizeof ret->text, "v%" PRIu64, below(g, VIEWERS));
}

static unsigned some_sku(struct game *g, struct sku_id *ret)
{
    unsigned sku = (unsigned)below(g, one_in(g, 50) ? SKUS + 1 : SKUS); /* the last is never stocked */
    snprintf(ret->text, sizeof ret->text, "sku-%u", sku);
    return sku < SKUS ? sku : 0;
}

/* Most prices and carts are the same, so that replays and mismatches both happen. */
static void some_claim(struct game *g, struct hold *h)
{
    some_viewer(g, &h->viewer);
    snprintf(h->broadcast.text, sizeof h->broadcast.text, "%s", one_in(g, 20) ? "" : "b1");
    memcpy(h->currency, one_in(g, 40) ? "USD" : "EUR", 4);
    h->lines_count = one_in(g, 4) ? (uint8_t)(2 + below(g, 2)) : 1;
    for (size_t i = 0; i < h->lines_count; i++) {
        some_sku(g, &h->lines[i].sku);
        h->lines[i].units = (uint32_t)(one_in(g, 80) ? 0 : 1 + below(g, 3));
        h->lines[i].unit_minor = one_in(g, 30) ? 500 : 990;
        h->lines[i].price_version = one_in(g, 30) ? 2 : 1;
    }
}

static int64_t some_ttl(struct game *g) { return one_in(g, 60) ? 0 : (int64_t)(1000 + below(g, 5) * 4000); }

/* What was promised for this hold in memory, so that confirms mostly pay the right amount. */
static void know_hold(struct game *g, struct inventory_request *r, bool its_viewer)
{
    const struct hold *h = memory_hold(g->memory.world, &r->shop, &r->hold.id);
    some_viewer(g, &r->hold.viewer);
    r->amount = (struct money){990, "EUR"};
    if (h == NULL)
        return;
    if (its_viewer)
        r->hold.viewer = h->viewer;
    r->amount.minor = hold_total_minor(h);
    memcpy(r->amount.currency, h->currency, 4);
}

static void some_confirm(struct game *g, struct inventory_request *r)
{
    know_hold(g, r, true);
    r->amount.minor += one_in(g, 30);
    if (one_in(g, 40))
        memcpy(r->amount.currency, "GBP", 4);
    snprintf(r->ref, sizeof r->ref, "A-%s%s", r->hold.id.text, one_in(g, 15) ? "x" : "");
}

static void some_stock(struct game *g, struct inventory_request *r)
{
    unsigned sku = some_sku(g, &r->sku);
    r->units = (int64_t)below(g, 25) - one_in(g, 30);
    switch (r->op) {
    case INVENTORY_ALLOCATE:
    case INVENTORY_WITHDRAW:
        snprintf(r->ref, sizeof r->ref, "ref%" PRIu64, one_in(g, 4) ? below(g, g->refs + 1) : ++g->refs);
        break;
    case INVENTORY_SYNC:
        r->units = (int64_t)below(g, 40);
        r->gone = one_in(g, 20) ? 100000 : (int64_t)below(g, 20);
        r->version = one_in(g, 3) ? g->versions[sku] : ++g->versions[sku];
        break;
    case INVENTORY_LIMIT:
        r->units = one_in(g, 2) ? 0 : (int64_t)(1 + below(g, 6));
        break;
    default:
        break;
    }
}

static enum inventory_op some_op(struct game *g)
{
    static const enum inventory_op often[] = {
        INVENTORY_RESERVE, INVENTORY_RESERVE, INVENTORY_RESERVE,       INVENTORY_EXTEND,         INVENTORY_EXTEND,
        INVENTORY_CONFIRM, INVENTORY_RELEASE, INVENTORY_WAITLIST_JOIN, INVENTORY_WAITLIST_LEAVE, INVENTORY_HOLD_GET,
    };
    static const enum inventory_op seldom[] = {
        INVENTORY_ALLOCATE, INVENTORY_ALLOCATE, INVENTORY_WITHDRAW, INVENTORY_SYNC,  INVENTORY_STOP,
        INVENTORY_OPEN,     INVENTORY_OPEN,     INVENTORY_OPEN,     INVENTORY_LIMIT, INVENTORY_EXPIRE,
    };
    return one_in(g, 6) ? seldom[below(g, ARRAY_LEN(seldom))] : often[below(g, ARRAY_LEN(often))];
}

static struct inventory_request some_request(struct game *g)
{
    struct inventory_request r = {.op = some_op(g), .shop = {"game"}, .ttl_ms = some_ttl(g)};
    some_hold_id(g, &r.hold.id);
    switch (r.op) {
    case INVENTORY_RESERVE:
        some_claim(g, &r.hold);
        break;
    case INVENTORY_EXTEND:
        if (one_in(g, 2))
            r.hold.id = g->stretched;
        know_hold(g, &r, !one_in(g, 5));
        r.ttl_ms = one_in(g, 60) ? 0 : 10000;
        break;
    case INVENTORY_RELEASE:
        know_hold(g, &r, !one_in(g, 5));
        if (one_in(g, 8))
            r.hold.viewer = (struct viewer_id){0};
        break;
    case INVENTORY_CONFIRM:
        some_confirm(g, &r);
        break;
    case INVENTORY_WAITLIST_JOIN:
    case INVENTORY_WAITLIST_LEAVE:
        r.hold.id = (struct hold_id){0};
        some_claim(g, &r.hold);
        r.hold.lines_count = one_in(g, 50) ? r.hold.lines_count : 1;
        break;
    case INVENTORY_HOLD_GET:
    case INVENTORY_EXPIRE:
        break;
    default:
        some_stock(g, &r);
    }
    return r;
}

/* ---- comparing ---- */

static void write_answer(struct bytes *out, const struct inventory_request *r)
{
    bytes_format(out, "result %s answer %d line %u ahead %lld%s\n  ", result_name(r->result), (int)r->answer,
                 r->fault_line, (long long)r->ahead, r->ledger_id[0] == '\0' ? "" : " entry");
    if (r->hold.state != HOLD_NONE)
        stage_write_hold(out, &r->hold);
    bytes_text(out, "\n  ");
    stage_write_count(out, &r->count);
    bytes_text(out, "\n");
}

static _Noreturn void differ(const struct game *g, const char *what, const char *memory, const char *redis)
{
    fprintf(stderr, "seed %" PRIu64 ", operation %zu: %s\nmemory: %s\nredis:  %s\n", g->seed, g->operations, what,
            memory, redis);
    abort();
}

static void compare_answers(struct game *g, const struct inventory_request *asked, const struct inventory_request *m,
                            const struct inventory_request *r)
{
    struct bytes memory = {0}, redis = {0};
    write_answer(&memory, m);
    write_answer(&redis, r);
    if (strcmp(memory.data, redis.data) != 0) {
        char what[400];
        snprintf(what, sizeof what, "op %d hold %s viewer %s sku %s/%s units %lld", (int)asked->op, asked->hold.id.text,
                 asked->hold.viewer.text, asked->sku.text, asked->hold.lines[0].sku.text, (long long)asked->units);
        differ(g, what, memory.data, redis.data);
    }
    g->answers[m->answer]++;
    if (m->op == INVENTORY_EXTEND && m->answer == INVENTORY_DONE)
        g->stretched = m->hold.id;
    bytes_finish(&memory);
    bytes_finish(&redis);
}

static void play_batch(struct game *g)
{
    static struct inventory_request asked[BATCH_MOST], memory[BATCH_MOST], redis[BATCH_MOST];
    size_t count = 1 + below(g, one_in(g, 3) ? BATCH_MOST : 4);
    for (size_t i = 0; i < count; i++)
        memory[i] = redis[i] = asked[i] = some_request(g);
    stage_ask(&g->memory, 0, memory, count);
    stage_ask(&g->redis, 0, redis, count);
    for (size_t i = 0; i < count; i++)
        compare_answers(g, &asked[i], &memory[i], &redis[i]);
    g->operations += count;
}

static void pass_time(struct game *g)
{
    int64_t ms = one_in(g, 3) ? (int64_t)below(g, 2000) : 0;
    if (one_in(g, 60))
        ms = (int64_t)below(g, 30000);
    if (one_in(g, 900))
        ms = INT64_C(86400000);
    stage_pass(&g->memory, ms);
    stage_pass(&g->redis, ms);
    if (one_in(g, 3))
        g->first_id++;
}

/* Time passed after the last batch: the questions below would expire holds on one side only. */
static void settle(struct game *g)
{
    for (int i = 0; i < 20; i++) {
        struct inventory_request memory = {.op = INVENTORY_EXPIRE, .shop = {"game"}}, redis = memory, asked = memory;
        stage_ask(&g->memory, 0, &memory, 1);
        stage_ask(&g->redis, 0, &redis, 1);
        compare_answers(g, &asked, &memory, &redis);
    }
}

static void compare_ledgers(struct game *g)
{
    struct bytes memory = {0}, redis = {0};
    stage_ledger(&g->memory, 0, "game", &memory);
    stage_ledger(&g->redis, 0, "game", &redis);
    const char *m = memory.data, *r = redis.data;
    while (*m != '\0' && strncmp(m, r, strcspn(m, "\n") + 1) == 0) {
        size_t line = strcspn(m, "\n") + 1;
        m += line;
        r += line;
    }
    if (*m != *r)
        differ(g, "the ledgers", m, r);
    bytes_finish(&memory);
    bytes_finish(&redis);
}

static void compare_holds(struct game *g)
{
    struct shop_id shop = {"game"};
    size_t count = memory_holds(g->memory.world, &shop, NULL, 0);
    const struct hold **holds = calloc(count + 1, sizeof *holds);
    MUST(holds != NULL && memory_holds(g->memory.world, &shop, holds, count) == count);
    for (size_t i = 0; i < count; i++) {
        struct inventory_request memory = {.op = INVENTORY_HOLD_GET, .shop = shop};
        memory.hold.id = holds[i]->id;
        struct inventory_request redis = memory;
        stage_ask(&g->redis, 0, &redis, 1);
        memory.answer = INVENTORY_DONE;
        hold_copy(&memory.hold, holds[i]);
        redis.ledger_id[0] = '\0'; /* the question itself may have expired others */
        compare_answers(g, &memory, &memory, &redis);
    }
    char kept[24];
    snprintf(kept, sizeof kept, "%zu", count);
    const char *theirs = redis_server_command(&g->redis.server, "HLEN ls:{game.0}:h");
    if (strcmp(theirs, kept) != 0)
        differ(g, "holds kept", kept, theirs);
    free(holds);
}

static void show(const struct game *g)
{
    printf("seed %" PRIu64 ": %zu operations; answers", g->seed, g->operations);
    for (size_t i = 0; i < INVENTORY_ANSWERS; i++)
        printf(" %zu", g->answers[i]);
    printf("\n");
    fflush(stdout);
}

static bool play(uint64_t seed, size_t operations)
{
    static struct game g;
    g = (struct game){.seed = seed};
    rng_seed(&g.rng, seed);
    MUST(stage_open(&g.memory, &(struct stage_config){.kind = STAGE_MEMORY}));
    bool there = stage_open(&g.redis, &(struct stage_config){.kind = STAGE_REDIS});
    while (there && g.operations < operations) {
        play_batch(&g);
        pass_time(&g);
    }
    if (there) {
        settle(&g);
        memory_check(g.memory.world);
        compare_ledgers(&g);
        compare_holds(&g);
        stage_audit(&g.redis, "game");
        show(&g);
        for (size_t i = 0; i < INVENTORY_ANSWERS && operations >= 10000; i++)
            MUST(g.answers[i] > 0); /* a game that does not know every answer proves little */
        stage_close(&g.redis);
    }
    stage_close(&g.memory);
    return there;
}

int main(int argc, char **argv)
{
    log_level_set(LOG_WARN);
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    size_t operations = argc > 2 ? strtoull(argv[2], NULL, 10) : 15000;
    size_t games = argc > 1 ? 1 : 2;
    for (size_t i = 0; i < games; i++)
        if (!play(seed + i, operations))
            return 77;
    return 0;
}
