#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/must.h"
#include "loadtest/fan/fan.h"

#define SLICE_CONNS 16  /* cut or connected in one turn */
#define SCAN_CONNS 1000 /* looked at for that */
#define CUTTING_US 100  /* the longest turn while lines are cut or wait */
#define TURN_US 1000    /* the longest turn while something is under way */

static double cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 + (double)usage.ru_stime.tv_sec +
           (double)usage.ru_stime.tv_usec / 1e6;
}

/* ---- the audience comes ---- */

/* Connects some of those who wait and are due. A slice at a time, so that nobody's answer lies unread meanwhile. */
static void waiting_connect(struct fan *f)
{
    int64_t now = fan_now_us();
    size_t connected = 0;
    for (size_t i = 0; f->waiting > 0 && i < SCAN_CONNS && i < f->conns_count && connected < SLICE_CONNS; i++) {
        f->scanned = (f->scanned + 1) % f->conns_count;
        struct fan_conn *c = &f->conns[f->scanned];
        if (c->state == FAN_WAITING && c->retry_us <= now) {
            fan_connect(f, c);
            connected++;
        }
    }
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
    int64_t began = fan_now_us();
    double cpu = cpu_s();
    MUST(viewers <= f->conns_max);
    memset(&f->books, 0, sizeof f->books);
    hosts_connect(f);
    while (f->live < viewers + f->rooms_count && fan_now_us() - began < f->patience_us) {
        while (f->conns_count < viewers && f->opening < FAN_OPENING_MAX)
            fan_connect(f, &f->conns[f->conns_count++]);
        waiting_connect(f);
        fan_turn(f, TURN_US);
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

void fan_rest(struct fan *f, int64_t last_us)
{
    for (int64_t until = fan_now_us() + last_us, left; (left = until - fan_now_us()) > 0;)
        fan_turn(f, left);
}

/* ---- a phase ---- */

struct run {
    const struct fan_phase *phase;
    int64_t began_us, over_us, pin_us, claim_us, back_us;
    size_t pins, cut; /* so far; of viewers, whose turn to lose the line it is */
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

static bool all_are_live(const struct fan *f) { return f->live == f->conns_count + f->rooms_count; }

static bool last_is_seen(const struct fan *f)
{
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
    return true;
}

static int64_t wait_us(const struct fan *f, const struct run *r, int64_t now)
{
    bool is_cutting = r->phase->cuts && (r->cut < f->conns_count || f->waiting > 0);
    int64_t wait = is_cutting ? CUTTING_US : TURN_US;
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

/* Every viewer but the buyers loses the line, and is due to come back that moment. */
static void cut_step(struct fan *f, struct run *r)
{
    for (size_t i = 0; i < SLICE_CONNS && r->cut < f->conns_count; i++, r->cut++)
        if (!f->conns[r->cut].buyer)
            fan_retry(f, &f->conns[r->cut], 0);
}

/* True once all are live again. One more event then shows of everybody what they have missed. */
static bool back_step(struct fan *f, struct run *r)
{
    cut_step(f, r);
    if (r->cut < f->conns_count)
        return false;
    waiting_connect(f);
    if (!all_are_live(f))
        return false;
    r->back_us = fan_now_us();
    for (size_t i = 0; i < f->rooms_count; i++)
        publish(f, r, &f->rooms[i]);
    return true;
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
    struct run r = {.phase = phase, .began_us = now, .pin_us = now, .claim_us = now};
    bool ended = false, back = !phase->cuts;
    double cpu = cpu_s();
    books_open(f);
    r.over_us = now + phase->last_us;
    while (!ended && now - r.began_us < f->patience_us) {
        if (now < r.over_us || !back)
            work_step(f, &r, now);
        else
            ended = !claims_are_open(f) && (phase->cuts ? last_is_seen(f) : all_is_seen(f));
        if (!back)
            back = back_step(f, &r);
        fan_turn(f, wait_us(f, &r, now));
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
