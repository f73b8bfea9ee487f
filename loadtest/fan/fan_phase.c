#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/must.h"
#include "loadtest/fan/fan.h"

#define TURN_US 1000  /* the longest turn while something is under way */
#define LOOK_US 20000 /* between two looks at all viewers of a cut audience */

static double cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 + (double)usage.ru_stime.tv_sec +
           (double)usage.ru_stime.tv_usec / 1e6;
}

/* ---- the audience comes ---- */

static void waiting_connect(struct fan *f)
{
    int64_t now = fan_now_us();
    for (size_t i = 0; f->waiting > 0 && i < f->conns_count; i++)
        if (f->conns[i].state == FAN_WAITING && f->conns[i].retry_us <= now)
            fan_connect(f, &f->conns[i]);
    for (size_t i = 0; f->waiting > 0 && i < f->rooms_count; i++)
        if (f->rooms[i].host.state == FAN_WAITING && f->rooms[i].host.retry_us <= now)
            fan_connect(f, &f->rooms[i].host);
}

static void hosts_connect(struct fan *f)
{
    for (size_t i = 0; i < f->rooms_count; i++)
        if (f->rooms[i].host.state == FAN_CLOSED)
            fan_connect(f, &f->rooms[i].host);
}

enum result fan_gather(struct fan *f, size_t viewers, struct fan_report *ret)
{
    int64_t began = fan_now_us(), looked = began;
    double cpu = cpu_s();
    MUST(viewers <= f->conns_max);
    memset(&f->books, 0, sizeof f->books);
    hosts_connect(f);
    while (f->live < viewers + f->rooms_count && fan_now_us() - began < f->patience_us) {
        while (f->conns_count < viewers && f->opening < FAN_OPENING_MAX)
            fan_connect(f, &f->conns[f->conns_count++]);
        fan_turn(f, TURN_US);
        if (fan_now_us() - looked > LOOK_US) {
            waiting_connect(f);
            looked = fan_now_us();
        }
    }
    *ret = (struct fan_report){.seconds = (double)(fan_now_us() - began) / 1e6, .books = f->books};
    ret->client_busy = (cpu_s() - cpu) / ret->seconds;
    return f->live == viewers + f->rooms_count ? RESULT_OK : RESULT_NO_ANSWER;
}

void fan_leave(struct fan *f)
{
    for (size_t i = 0; i < f->conns_count; i++) {
        fan_drop(f, &f->conns[i]);
        free(f->conns[i].key);
        f->conns[i].key = NULL;
        f->conns[i].mark = 0;
        f->conns[i].seq = 0;
    }
    f->conns_count = 0;
}

void fan_cut(struct fan *f)
{
    for (size_t i = 0; i < f->conns_count; i++)
        if (!f->conns[i].buyer)
            fan_drop(f, &f->conns[i]);
    for (size_t i = 0; i < f->conns_count; i++)
        if (!f->conns[i].buyer)
            fan_connect(f, &f->conns[i]);
}

void fan_rest(struct fan *f, int64_t last_us)
{
    for (int64_t until = fan_now_us() + last_us, left; (left = until - fan_now_us()) > 0;)
        fan_turn(f, left);
}

/* ---- a phase ---- */

struct run {
    const struct fan_phase *phase;
    int64_t began_us, over_us, pin_us, claim_us, look_us, back_us;
    size_t pins;
    uint64_t published;
};

static void publish(struct fan *f, struct run *r, struct fan_room *room)
{
    char event[FAN_WORD_BYTES];
    uint32_t mark = ++room->published;
    size_t len = f->dialect->event(f, mark, event);
    room->seen[mark % FAN_SLOTS] = 0;
    room->sent_us[mark % FAN_SLOTS] = fan_now_us();
    r->published++;
    fan_send(f, &room->host, event, len);
}

static void flood_step(struct fan *f, struct run *r)
{
    for (size_t i = 0; i < f->rooms_count; i++)
        while (f->rooms[i].published - f->rooms[i].completed < r->phase->window && f->rooms[i].host.state == FAN_LIVE)
            publish(f, r, &f->rooms[i]);
}

static void pin_step(struct fan *f, struct run *r, int64_t now)
{
    if (now < r->pin_us || (r->phase->pins > 0 && r->pins == r->phase->pins))
        return;
    for (size_t i = 0; i < f->rooms_count; i++)
        if (f->rooms[i].host.state == FAN_LIVE)
            publish(f, r, &f->rooms[i]);
    r->pins++;
    r->pin_us += r->phase->pin_every_us;
}

/* Open loop: a claim counts from when it was due, also when no buyer was free then. */
static void claim_step(struct fan *f, struct run *r, int64_t now)
{
    for (size_t i = 0; i < f->buyers && r->claim_us <= now; i++)
        if (f->conns[i].state == FAN_LIVE && f->conns[i].asked_us == 0) {
            fan_claim(f, &f->conns[i], r->claim_us);
            r->claim_us += r->phase->claim_every_us;
        }
}

/* All live, and each has seen the last event of their room. */
static bool all_are_back(struct fan *f, struct run *r)
{
    if (f->live < f->conns_count + f->rooms_count)
        return false;
    if (r->back_us == 0)
        r->back_us = fan_now_us();
    for (size_t i = 0; i < f->conns_count; i++)
        if (f->conns[i].mark != f->rooms[f->conns[i].room].published)
            return false;
    return true;
}

static bool claims_are_open(const struct fan *f)
{
    for (size_t i = 0; i < f->buyers; i++)
        if (f->conns[i].asked_us != 0)
            return true;
    return false;
}

static bool all_is_seen(const struct fan *f)
{
    for (size_t i = 0; i < f->rooms_count; i++)
        if (f->rooms[i].completed != f->rooms[i].published)
            return false;
    return !claims_are_open(f);
}

static int64_t wait_us(const struct run *r, int64_t now)
{
    int64_t wait = TURN_US;
    if (r->phase->pin_every_us > 0 && r->pin_us > now && r->pin_us - now < wait)
        wait = r->pin_us - now;
    if (r->phase->claim_every_us > 0 && r->claim_us > now && r->claim_us - now < wait)
        wait = r->claim_us - now;
    return wait;
}

static void work_step(struct fan *f, struct run *r, int64_t now)
{
    if (r->phase->window > 0)
        flood_step(f, r);
    if (r->phase->pin_every_us > 0)
        pin_step(f, r, now);
    if (r->phase->claim_every_us > 0)
        claim_step(f, r, now);
}

/* A cut audience: at the beginning all of it, later who was told to come again. */
static bool back_step(struct fan *f, struct run *r, int64_t now)
{
    if (now < r->look_us)
        return false;
    waiting_connect(f);
    r->look_us = now + LOOK_US;
    return all_are_back(f, r);
}

static void books_open(struct fan *f)
{
    memset(&f->books, 0, sizeof f->books);
    fan_samples_clear(&f->each);
    fan_samples_clear(&f->last);
    fan_samples_clear(&f->claims);
    for (size_t i = 0; i < f->rooms_count; i++)
        f->rooms[i].completed = f->rooms[i].published;
}

enum result fan_run(struct fan *f, const struct fan_phase *phase, struct fan_report *ret)
{
    int64_t now = fan_now_us();
    struct run r = {.phase = phase, .began_us = now, .pin_us = now, .claim_us = now, .look_us = now};
    bool ended = false, back = !phase->until_back;
    double cpu = cpu_s();
    books_open(f);
    if (phase->until_back)
        fan_cut(f);
    r.over_us = now + phase->last_us;
    while (!ended && now - r.began_us < f->patience_us) {
        if (now < r.over_us || !back)
            work_step(f, &r, now);
        else
            ended = phase->until_back ? all_are_back(f, &r) && !claims_are_open(f) : all_is_seen(f);
        if (!back)
            back = back_step(f, &r, now);
        fan_turn(f, wait_us(&r, now));
        now = fan_now_us();
    }
    *ret =
        (struct fan_report){.seconds = (double)(now - r.began_us) / 1e6, .published = r.published, .books = f->books};
    ret->client_busy = (cpu_s() - cpu) / ret->seconds;
    ret->back_s = (double)(r.back_us == 0 ? 0 : r.back_us - r.began_us) / 1e6;
    if (f->event_len > 0 && r.published > 0)
        f->text_len += FAN_EVENT_BYTES - f->event_len; /* wraps around when it is less */
    return ended ? RESULT_OK : RESULT_NO_ANSWER;
}
