/* loadtest/play.c - plays a scenario: the ramp, the phases one after the other, what goes on beside them, and the end. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/must.h"
#include "loadtest/scenario.h"

#define JOIN_WAIT_MS 30000

static bool start_play(struct crowd *c)
{
    bool answered = crowd_host_says(c, "start", ",\"force\":true");
    bool started = answered || strcmp(c->host_error, "conflict") == 0; /* live already */
    if (started)
        c->first_trouble[0] = '\0';
    return started;
}

static enum crowd_then then_of(const char *word)
{
    return strcmp(word, "keep") == 0 ? THEN_KEEP : strcmp(word, "pay") == 0 ? THEN_PAY : THEN_RELEASE;
}

static bool reserve_play(const struct phase *p, struct crowd *c)
{
    struct crowd_wishes wishes = {.sku = p->sku,
                                  .qty = (unsigned)p->qty,
                                  .then = then_of(p->then),
                                  .per_second = p->per_second * c->config.speed,
                                  .at_once = p->at_once > 0 ? (size_t)p->at_once : c->config.viewers,
                                  .once = p->once,
                                  .last_ms = crowd_scaled(c, p->seconds * 1000)};
    crowd_reserve(c, &wishes);
    return true;
}

static bool phase_do(const struct phase *p, struct crowd *c)
{
    switch (p->kind) {
    case PHASE_START:
        return start_play(c);
    case PHASE_ALLOCATE:
        return crowd_allocate(c, p->sku, (int64_t)p->units);
    case PHASE_STOCK:
        return crowd_stock(c, p->sku, (int64_t)p->available);
    case PHASE_PINS:
        return crowd_pins(c, p->skus, p->skus_count, (size_t)p->count, crowd_scaled(c, p->every_ms));
    case PHASE_RESERVE:
        return reserve_play(p, c);
    case PHASE_DROP:
        crowd_drop(c, p->share, p->stay_away);
        return true;
    case PHASE_RETURN:
        return crowd_return(c, crowd_scaled(c, p->within_ms), (int64_t)p->wait_ms);
    case PHASE_SLOW:
        crowd_slow(c, p->share, p->read_every_ms, (size_t)p->read_bytes, p->ping_every_ms);
        return true;
    case PHASE_JOIN:
        return crowd_join_rest(c, (int64_t)p->wait_ms);
    case PHASE_WAIT:
        crowd_wait(c, crowd_scaled(c, p->ms));
        return true;
    case PHASE_MARK:
    case PHASES:
        break;
    }
    return true;
}

static const char *phase_name(const struct phase *p)
{
    static const char *const names[PHASES] = {"start",  "allocate", "stock", "pins", "reserve", "drop",
                                              "return", "slow",     "join",  "wait", "mark"};
    return names[p->kind];
}

/* What the figures of the phase do not say. */
static void detail_say(const struct phase *p, const struct crowd *c, bool passed, char *ret, size_t size)
{
    ret[0] = '\0';
    if (!passed && c->host_error[0] != '\0')
        snprintf(ret, size, "the host was answered %.60s", c->host_error);
    else if (!passed && (p->kind == PHASE_RETURN || p->kind == PHASE_JOIN))
        snprintf(ret, size, "%zu of %zu are level, %zu have come", c->level, c->expected, c->arrived);
    else if (!passed && p->kind == PHASE_STOCK && !c->host_answered)
        snprintf(ret, size, "the stock could not be read: no token that may, or no answer");
    else if (!passed)
        snprintf(ret, size, "%.90s", c->host.token == NULL ? "there is no host" : "no answer in time");
    else if (p->kind == PHASE_PINS)
        snprintf(ret, size, "%.0f pins, every %lld ms", p->count, (long long)crowd_scaled(c, p->every_ms));
    else if (p->kind == PHASE_RESERVE && p->per_second > 0)
        snprintf(ret, size, "%.63s, %.0f a second", p->sku, p->per_second * c->config.speed);
    else if (p->sku != NULL)
        snprintf(ret, size, "%.63s", p->sku);
    else if (p->kind == PHASE_DROP || p->kind == PHASE_SLOW)
        snprintf(ret, size, "%.0f %% of the viewers", p->share * 100);
    else if (p->text != NULL)
        snprintf(ret, size, "%.90s", p->text);
}

static void mark(struct crowd *c, const char *what, const char *text)
{
    series_mark(&c->series, (load_now_us() - c->began_us) / 1000, what, text);
}

static bool phase_play(const struct phase *p, struct run *r)
{
    static struct histogram before[TIMES], during;
    struct crowd *c = r->crowd;
    struct run_phase *out = &r->phases[r->phases_count++];
    r->phase_at = r->phases_count;
    *out = (struct run_phase){.name = phase_name(p), .began_ms = (load_now_us() - c->began_us) / 1000};
    for (size_t i = 0; i < TIMES; i++)
        before[i] = *crowd_times(c, (enum times_of)i);
    c->host_error[0] = '\0';
    c->host_answered = false;
    if (p->kind == PHASE_DROP || p->kind == PHASE_SLOW || p->kind == PHASE_MARK) {
        detail_say(p, c, true, out->detail, sizeof out->detail);
        mark(c, out->name, out->detail);
    }
    out->passed = phase_do(p, c);
    out->interrupted = !out->passed && c->stopped && c->host_error[0] == '\0';
    out->ended_ms = (load_now_us() - c->began_us) / 1000;
    if (out->interrupted)
        snprintf(out->detail, sizeof out->detail, "interrupted");
    else
        detail_say(p, c, out->passed, out->detail, sizeof out->detail);
    for (size_t i = 0; i < TIMES; i++) {
        histogram_since(crowd_times(c, (enum times_of)i), &before[i], &during);
        times_take(&during, &out->times[i]);
    }
    return out->passed || out->interrupted;
}

static bool phases_play(const struct scenario *s, struct run *r)
{
    for (size_t i = 0; i < s->phases_count && !r->crowd->stopped; i++)
        if (!phase_play(&s->phases[i], r))
            return false;
    return true;
}

/* Whoever gave the shop's own token asked for this proof: without an answer there is none. */
static void stock_prove(struct crowd *c)
{
    if (crowd_stock_after(c) || c->config.integrator_token == NULL)
        return;
    c->counts.stock_mismatches++;
    snprintf(c->stock_why, sizeof c->stock_why, "the stock could not be read at the end");
}

/* The rates of what goes on beside follow the speed; its durations are divided where they are used. */
static void manners_begin(const struct scenario *s, struct crowd *c, struct crowd_manner *manners)
{
    memcpy(manners, s->manners, s->manners_count * sizeof *manners);
    for (size_t i = 0; i < s->manners_count; i++)
        manners[i].wishes.per_second *= c->config.speed;
    crowd_behave(c, manners, s->manners_count);
}

bool scenario_play(const struct scenario *s, struct run *r)
{
    static struct crowd_manner manners[CROWD_MANNERS_MAX];
    struct crowd *c = r->crowd;
    struct timespec now;
    struct crowd_step all = {1, s->ramp_count > 0 ? 0 : (double)c->config.viewers / s->ramp_per_second};
    bool joined =
        s->ramp_count > 0 ? crowd_ramp(c, s->ramp, s->ramp_count, JOIN_WAIT_MS) : crowd_ramp(c, &all, 1, JOIN_WAIT_MS);
    r->phases_passed = true;
    if (joined) {
        (void)crowd_stock_before(c); /* without a token for it the host's own snapshot has to do */
        manners_begin(s, c, manners);
        r->phases_passed = phases_play(s, r);
        crowd_settle(c);
        stock_prove(c);
    }
    r->complete = joined && r->phases_passed && !c->stopped;
    clock_gettime(CLOCK_REALTIME, &now);
    r->ended_unix_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return thresholds_judge(r) && run_is_sound(r);
}
