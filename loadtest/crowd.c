/* loadtest/crowd.c - the turn of the crowd; who comes in, is cut, comes back. */
#include "loadtest/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/must.h"
#include "loadtest/buyer.h"

#define WATCH_EVERY_US 250000
#define HOPELESS_MS 3000 /* not one let in after that long, and all refused: nobody is there */

/* ---- the turn ---- */

void crowd_trouble(struct crowd *c, const char *what, const char *detail)
{
    if (c->first_trouble[0] == '\0')
        snprintf(c->first_trouble, sizeof c->first_trouble, "%.60s: %.90s", what, detail);
}

int64_t crowd_server_ms(const struct crowd *c) { return load_now_ms() + c->server_ahead_ms; }

int64_t crowd_scaled(const struct crowd *c, double ms) { return (int64_t)(ms / c->config.speed + 0.5); }

bool crowd_goes_on(const struct crowd *c, int64_t until_ms) { return !c->stopped && load_now_ms() < until_ms; }

static void watch(struct crowd *c)
{
    int64_t now = load_now_us();
    const uint64_t counters[SERIES_COLUMNS] = {
        [SERIES_EVENTS] = c->counts.events,   [SERIES_DELIVERIES] = c->counts.received,
        [SERIES_ASKED] = c->counts.asked,     [SERIES_HELD] = c->counts.held,
        [SERIES_REFUSED] = c->counts.refused, [SERIES_RECONNECTS] = c->counts.reconnects,
    };
    bool second = series_tick(&c->series, c->began_us, now, c->live, counters);
    if (c->config.watch == NULL || (!second && now < c->watched_us + WATCH_EVERY_US))
        return;
    c->watched_us = now;
    c->config.watch(c->config.watch_ctx, c, second);
}

void crowd_turn(struct crowd *c, int wait_ms)
{
    load_turn(&c->set, wait_ms);
    (void)ramp_run(c);
    wishes_run(c);
    manners_run(c);
    watch(c);
    if (c->config.stop != NULL && *c->config.stop != 0)
        c->stopped = true;
}

void crowd_wait(struct crowd *c, int64_t ms)
{
    for (int64_t until = load_now_ms() + ms; crowd_goes_on(c, until);)
        crowd_turn(c, 1);
}

/* ---- its life ---- */

static enum result path_set(struct crowd *c)
{
    const char *in_url = strstr(c->config.url, "/v1/broadcasts/");
    if (c->config.broadcast != NULL)
        snprintf(c->path, sizeof c->path, "/v1/broadcasts/%.63s/live", c->config.broadcast);
    else if (in_url != NULL)
        snprintf(c->path, sizeof c->path, "%s", in_url);
    return c->path[0] == '\0' ? RESULT_MALFORMED : RESULT_OK;
}

enum result crowd_init(struct crowd *c, const struct crowd_config *config)
{
    struct load_target target;
    struct timespec unix_time;
    memset(c, 0, sizeof *c);
    c->config = *config;
    if (c->config.speed <= 0)
        c->config.speed = 1;
    if (load_target_parse(config->url, &target) != RESULT_OK || path_set(c) != RESULT_OK)
        return RESULT_MALFORMED;
    c->buyers = calloc(config->viewers, sizeof *c->buyers);
    if (c->buyers == NULL || load_set_init(&c->set, &target, config->seed) != RESULT_OK) {
        free(c->buyers);
        return RESULT_NO_MEMORY;
    }
    for (size_t i = 0; i < config->viewers; i++)
        buyer_init(&c->buyers[i], c);
    host_init(c);
    list_init(&c->payments);
    clock_gettime(CLOCK_REALTIME, &unix_time);
    c->began_unix_ms = (int64_t)unix_time.tv_sec * 1000 + unix_time.tv_nsec / 1000000;
    rng_seed(&c->ids, (uint64_t)unix_time.tv_sec * 1000000007 + (uint64_t)unix_time.tv_nsec + (uint64_t)getpid());
    c->server_ahead_ms = c->began_unix_ms - load_now_ms();
    c->began_us = load_now_us();
    series_init(&c->series, c->began_us);
    return RESULT_OK;
}

void crowd_finish(struct crowd *c)
{
    c->finishing = true;
    c->manners_count = 0;
    c->wishing.wishes = NULL;
    load_timer_stop(&c->host_back);
    pay_finish(c);
    if (c->doubt_asking)
        load_close(&c->doubt.conn, 0);
    if (c->ticket_asking)
        load_close(&c->ticket.conn, 0);
    for (size_t i = 0; i < c->config.viewers; i++) {
        struct buyer *b = &c->buyers[i];
        load_timer_stop(&b->back);
        load_timer_stop(&b->think);
        load_timer_stop(&b->read);
        claims_forget(b);
        load_close(&b->viewer.conn, 1000);
    }
    load_close(&c->host.conn, 1000);
    for (int i = 0; i < 100 && c->set.conns > 0; i++)
        load_turn(&c->set, 0);
    load_turn(&c->set, 0);
    load_set_finish(&c->set);
    series_finish(&c->series);
    free(c->buyers);
}

/* ---- coming in ---- */

/* The ramp's first `count` steps: how many come within them. */
static size_t ramp_viewers(const struct crowd *c, size_t count)
{
    double share = 0;
    for (size_t i = 0; i < count; i++)
        share += c->ramp[i].share;
    size_t viewers = (size_t)(share * (double)c->config.viewers + 0.5);
    return count == c->ramp_count || viewers > c->config.viewers ? c->config.viewers : viewers;
}

static double ramp_seconds(const struct crowd *c, size_t count)
{
    double seconds = 0;
    for (size_t i = 0; i < count; i++)
        seconds += c->ramp[i].seconds;
    return seconds;
}

/* When the nth viewer is to come in. */
static int64_t ramp_due_us(const struct crowd *c, size_t n)
{
    size_t step = 0;
    while (step + 1 < c->ramp_count && n >= ramp_viewers(c, step + 1))
        step++;
    size_t first = ramp_viewers(c, step), end = ramp_viewers(c, step + 1);
    double within = end > first ? (double)(n - first) / (double)(end - first) : 0;
    return c->ramp_began_us + (int64_t)((ramp_seconds(c, step) + within * c->ramp[step].seconds) * 1e6);
}

bool ramp_run(struct crowd *c)
{
    int64_t now = load_now_us();
    for (; c->ramp_count > 0 && c->ramp_joined < c->config.viewers; c->ramp_joined++) {
        int64_t due = ramp_due_us(c, c->ramp_joined);
        if (due > now)
            return true;
        buyer_join(&c->buyers[c->ramp_joined], due);
    }
    return false;
}

static bool host_is_there(const struct crowd *c) { return c->host.token == NULL || load_viewer_is_live(&c->host); }

/* Until so many viewers have come and all who should be here are level, and the host is there; false: not within the time, or
 * nobody is let in at all. */
static bool joined_wait(struct crowd *c, size_t viewers, int64_t until)
{
    int64_t began = load_now_ms();
    while (c->arrived < viewers || c->level < c->expected || !host_is_there(c)) {
        bool hopeless = c->counts.joins == 0 && c->counts.refused_joins + c->host_losses > 0 &&
                        c->counts.refused_joins >= c->ramp_joined && load_now_ms() > began + HOPELESS_MS;
        if (hopeless || !crowd_goes_on(c, until))
            return false;
        crowd_turn(c, 1);
    }
    return true;
}

bool crowd_ramp(struct crowd *c, const struct crowd_step *steps, size_t count, int64_t wait_ms)
{
    MUST(count > 0 && count <= CROWD_RAMP_MAX);
    snprintf(c->doing, sizeof c->doing, "join");
    for (size_t i = 0; i < count; i++)
        c->ramp[i] = (struct crowd_step){steps[i].share, steps[i].seconds / c->config.speed};
    c->ramp_count = count;
    c->ramp_joined = 0;
    c->ramp_began_us = load_now_us();
    if (c->host.token != NULL)
        host_join(c);
    return joined_wait(c, ramp_viewers(c, 1), load_now_ms() + (int64_t)(c->ramp[0].seconds * 1000) + wait_ms);
}

bool crowd_join_rest(struct crowd *c, int64_t wait_ms)
{
    int64_t end = c->ramp_began_us / 1000 + (int64_t)(ramp_seconds(c, c->ramp_count) * 1000);
    int64_t now = load_now_ms();
    return joined_wait(c, c->config.viewers, (end > now ? end : now) + wait_ms);
}

bool crowd_join(struct crowd *c, double per_second, int64_t wait_ms)
{
    struct crowd_step all = {1, (double)c->config.viewers / per_second * c->config.speed};
    bool joined = crowd_ramp(c, &all, 1, wait_ms);
    crowd_wait(c, 50); /* the snapshot of the host, who came first */
    return joined;
}

/* ---- lost lines ---- */

void crowd_drop(struct crowd *c, double share, bool stay_away)
{
    snprintf(c->doing, sizeof c->doing, "drop");
    for (size_t i = 0; i < c->config.viewers; i++) {
        struct buyer *b = &c->buyers[i];
        if (b->slow || !b->expected || rng_unit(&c->set.rng) >= share)
            continue;
        if (stay_away)
            buyer_away(b, false);
        else
            load_close(&b->viewer.conn, 0);
    }
    crowd_turn(c, 0);
}

bool crowd_return(struct crowd *c, int64_t within_ms, int64_t wait_ms)
{
    int64_t until = load_now_ms() + within_ms + wait_ms;
    snprintf(c->doing, sizeof c->doing, "return");
    for (size_t i = 0; i < c->config.viewers; i++) {
        struct buyer *b = &c->buyers[i];
        if (!b->away || list_is_linked(&b->back.link))
            continue;
        int64_t delay_ms = (int64_t)rng_below(&c->set.rng, (uint64_t)within_ms + 1);
        b->lost_us = load_now_us() + delay_ms * 1000;
        buyer_expect(b, true);
        load_timer_start(&c->set, &b->back, delay_ms);
    }
    crowd_presence(c);
    while (c->level < c->expected && crowd_goes_on(c, until))
        crowd_turn(c, 1);
    return c->level >= c->expected;
}

uint64_t crowd_sum(const struct crowd *c, size_t offset)
{
    uint64_t sum = 0, one;
    for (size_t i = 0; i < c->config.viewers; i++) {
        memcpy(&one, (const char *)&c->buyers[i].viewer + offset, sizeof one);
        sum += one;
    }
    return sum;
}
