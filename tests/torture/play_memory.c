/* The stage in memory: no kills, no library, and no clock that steps back. */
#include "tests/torture/play.h"

const bool play_may_step_back = false, play_may_kill = false;

static void call_begins(void *ctx, const struct memory_delivery *delivery, struct memory_fate *fate)
{
    (void)fate;
    if (delivery->channel == MEMORY_STOCK)
        play_call_begins(ctx);
}

static void run_until(struct play *p, bool (*is_so)(const struct play *p))
{
    while (!is_so(p))
        MUST(fake_clock_step(&p->clock, p->now_ms)); /* or it will never come */
}

bool play_open(struct play *p, int64_t now_ms, const char *library)
{
    MUST(library == NULL);
    play_begin(p, now_ms);
    fake_clock_init(&p->clock, now_ms);
    p->world = memory_world_create(&(struct memory_config){.fate = call_begins, .ctx = p});
    p->memory = memory_attach(p->world, &(struct node_id){"torture"}, &p->clock.clock);
    play_follow(p, memory_ledger(p->memory));
    return true;
}

void play_close(struct play *p)
{
    struct ledger *ledger = memory_ledger(p->memory);
    ledger->unfollow(ledger, &p->follow);
    memory_detach(p->memory);
    memory_world_destroy(p->world);
    fake_clock_finish(&p->clock);
    play_end(p);
}

void play_ask(struct play *p)
{
    struct inventory *inventory = memory_inventory(p->memory);
    MUST(p->kill == KILL_NONE);
    fake_clock_run_until(&p->clock, p->now_ms);
    for (size_t i = 0; i < p->count; i++)
        inventory->ask(inventory, &p->got[i]);
    run_until(p, play_is_answered);
    play_acknowledge(p);
    run_until(p, play_has_last_entry);
}

bool play_check_stage(struct play *p, bool audit)
{
    (void)audit;
    memory_check(p->world);
    return true;
}
