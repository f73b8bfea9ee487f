/* tests/contract/inventory/differential.c - the same random game played to memory and to Redis.
 *
 *     contract_inventory_differential [seed [operations]]
 *
 * Batches of random operations, with time standing still, passing, leaping a day, and stepping back. Every answer must be the
 * same, and in the end every hold, every count, the whole ledger, and what is folded from it, from its start and from
 * each checkpoint. The seed is printed on failure. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/contract/inventory/game.h"

#define BATCH_MOST 40

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
        snprintf(what, sizeof what, "op %d%s hold %s viewer %s sku %s/%s units %lld", (int)asked->op,
                 asked->restores ? " restoring" : "", asked->hold.id.text, asked->hold.viewer.text, asked->sku.text,
                 asked->hold.lines[0].sku.text, (long long)asked->units);
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
    size_t count = 1 + game_below(g, game_one_in(g, 3) ? BATCH_MOST : 4);
    for (size_t i = 0; i < count; i++)
        memory[i] = redis[i] = asked[i] = game_request(g);
    stage_ask(&g->memory, 0, memory, count);
    stage_ask(&g->redis, 0, redis, count);
    for (size_t i = 0; i < count; i++)
        compare_answers(g, &asked[i], &memory[i], &redis[i]);
    g->operations += count;
}

/* Time passed after the last batch: the questions below would expire holds on one side only. */
static void settle(struct game *g, int times)
{
    for (int i = 0; i < times; i++) {
        struct inventory_request memory = {.op = INVENTORY_EXPIRE, .shop = {"game"}}, redis = memory, asked = memory;
        stage_ask(&g->memory, 0, &memory, 1);
        stage_ask(&g->redis, 0, &redis, 1);
        compare_answers(g, &asked, &memory, &redis);
    }
}

static void leap(struct game *g, int64_t ms)
{
    stage_pass(&g->memory, ms);
    stage_pass(&g->redis, ms);
}

/* A long time: all that was open ends, little by little, since more than HOLD_EXPIRE_BATCH_MAX timers at once are looked at in an
 * order of each side's own. Ids are free again then, even if the clock is set back next. */
static void sleep_long(struct game *g)
{
    for (int i = 0; i < 60; i++) {
        leap(g, 2000);
        settle(g, 1);
    }
    leap(g, 2 * INT64_C(86400000));
    settle(g, 20);
    leap(g, -(int64_t)game_below(g, 3600000));
}

static void pass_time(struct game *g)
{
    int64_t ms = game_one_in(g, 3) ? (int64_t)game_below(g, 2000) : 0;
    if (game_one_in(g, 60))
        ms = (int64_t)game_below(g, 30000);
    if (game_one_in(g, 90)) /* the servers' clock is set back */
        ms = -(int64_t)game_below(g, 20000);
    leap(g, ms);
    if (game_one_in(g, 900))
        sleep_long(g);
    if (game_one_in(g, 3))
        g->first_id++;
}

static void compare_texts(struct game *g, const char *what, struct bytes *memory, struct bytes *redis)
{
    const char *m = memory->data, *r = redis->data;
    while (*m != '\0' && strncmp(m, r, strcspn(m, "\n") + 1) == 0) {
        size_t line = strcspn(m, "\n") + 1;
        m += line;
        r += line;
    }
    if (*m != *r)
        differ(g, what, m, r);
    bytes_finish(memory);
    bytes_finish(redis);
}

static void compare_ledgers(struct game *g)
{
    struct bytes memory = {0}, redis = {0};
    stage_ledger(&g->memory, 0, "game", &memory);
    stage_ledger(&g->redis, 0, "game", &redis);
    compare_texts(g, "the ledgers", &memory, &redis);
    stage_fold(&g->memory, "game", &memory);
    stage_fold(&g->redis, "game", &redis);
    compare_texts(g, "the ledgers folded", &memory, &redis);
}

static void compare_holds(struct game *g)
{
    struct shop_id shop = {"game"};
    size_t count = memory_holds(g->memory.world, &shop, NULL, 0);
    const struct hold **holds = calloc(count + 1, sizeof *holds);
    MUST(holds != NULL && memory_holds(g->memory.world, &shop, holds, count) == count);
    for (size_t i = 0; i < count; i++) {
        struct inventory_request asked = {.op = INVENTORY_HOLD_GET, .shop = shop, .hold = {.id = holds[i]->id}};
        struct inventory_request memory = asked, redis = asked;
        stage_ask(&g->memory, 0, &memory, 1);
        stage_ask(&g->redis, 0, &redis, 1);
        compare_answers(g, &asked, &memory, &redis);
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
        settle(&g, 200); /* until all that is long gone was purged, too */
        memory_check(g.memory.world);
        compare_ledgers(&g);
        compare_holds(&g);
        stage_audit(&g.redis, "game");
        show(&g);
        for (size_t i = 0; i < INVENTORY_ANSWERS && operations >= 10000; i++)
            MUST(g.answers[i] > 0 || i == INVENTORY_BUSY); /* a game that does not know every answer proves little */
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
    size_t games = argc > 1 ? 1 : 8;
    for (size_t i = 0; i < games; i++)
        if (!play(seed + i, operations))
            return 77;
    return 0;
}
