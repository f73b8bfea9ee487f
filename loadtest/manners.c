/* loadtest/manners.c - what goes on all the while, whatever the host does: viewers come and go, tell where their video is, want
 * what was pinned, or read slowly. */
#include <math.h>
#include <string.h>

#include "base/must.h"
#include "loadtest/buyer.h"

#define EARLY_Z (-1.2815515655446004) /* a tenth of a normal distribution lies below */
#define LAG_WAVER_MS 1000

double crowd_between(struct crowd *c, const double range[2])
{
    return range[0] + (range[1] - range[0]) * rng_unit(&c->set.rng);
}

static double normal(struct rng *rng) /* Box and Muller */
{
    double u = 1 - rng_unit(rng), v = rng_unit(rng);
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

/* Half of all within `median`, a tenth within `early`. */
static double log_normal(struct rng *rng, double median, double early)
{
    double sigma = log(early / median) / EARLY_Z;
    return median * exp(sigma * normal(rng));
}

static int64_t lag_of(struct buyer *b, const struct crowd_manner *m)
{
    if (b->lag_ms < 0)
        b->lag_ms = (int64_t)crowd_between(b->crowd, m->lag_ms);
    int64_t waver = (int64_t)rng_below(&b->crowd->set.rng, 2 * LAG_WAVER_MS + 1) - LAG_WAVER_MS;
    return b->lag_ms + waver > 0 ? b->lag_ms + waver : 0;
}

/* ---- coming and going ---- */

static void one_goes(struct crowd *c, const struct crowd_manner *m)
{
    struct buyer *b = &c->buyers[rng_below(&c->set.rng, c->config.viewers)];
    if (!b->level || b->moving)
        return;
    int64_t away_ms = crowd_scaled(c, crowd_between(c, m->away_ms));
    buyer_away(b, true);
    b->lost_us = load_now_us() + away_ms * 1000; /* from then on it tries */
    load_timer_start(&c->set, &b->back, away_ms);
}

/* ---- clocks ---- */

static void clock_tell(struct crowd *c, const struct crowd_manner *m, uint64_t turn)
{
    struct buyer *b = &c->buyers[turn % c->config.viewers];
    if (load_viewer_is_live(&b->viewer) && !b->slow)
        load_sendf(&b->viewer.conn, "{\"t\":\"clock\",\"id\":\"k\",\"playing_ms\":%lld}",
                   (long long)(crowd_server_ms(c) - lag_of(b, m)));
}

/* ---- buyers ---- */

static void thought(struct load_timer *timer)
{
    struct buyer *b = container_of(timer, struct buyer, think);
    struct rng *rng = &b->crowd->set.rng;
    const struct crowd_manner *m = b->wants;
    bool gives_back = rng_unit(rng) < m->give_back;
    double commit = log_normal(rng, m->commit_ms, m->commit_ms / 4);
    struct wish wish = {.sku = b->wants_sku,
                        .qty = m->qty,
                        .then = gives_back ? THEN_RELEASE : THEN_PAY,
                        .due_us = b->wants_us,
                        .then_ms = crowd_scaled(b->crowd, commit) + 1,
                        .taps_at_once = rng_unit(rng) < m->double_taps ? 2 : 1,
                        .taps_later = rng_unit(rng) < m->retries};
    b->wants = NULL;
    if (b->away) /* left meanwhile, by choice */
        return;
    if (!claim_ask(b, &wish))
        b->crowd->counts.skipped++;
}

static void buyer_wants(struct buyer *b, const struct crowd_manner *m, const struct load_peek *p)
{
    struct crowd *c = b->crowd;
    const char *sku;
    size_t len;
    char name[64];
    if (b->wants != NULL || rng_unit(&c->set.rng) >= m->share || !load_find(p->d, p->d_len, "sku", &sku, &len) ||
        len < 3 || len - 2 >= sizeof name)
        return;
    snprintf(name, sizeof name, "%.*s", (int)len - 2, sku + 1);
    int64_t delay_ms = crowd_scaled(c, (double)lag_of(b, m) + log_normal(&c->set.rng, m->median_ms, m->early_ms)) + 1;
    b->wants = m;
    b->wants_sku = books_sku(&c->books, name);
    b->wants_us = load_now_us() + delay_ms * 1000;
    b->think.fire = thought;
    if (b->wants_sku == NULL)
        b->wants = NULL;
    else
        load_timer_start(&c->set, &b->think, delay_ms);
}

void manner_pin_seen(struct buyer *b, const struct load_peek *p)
{
    struct crowd *c = b->crowd;
    for (size_t i = 0; i < c->manners_count; i++)
        if (c->manners[i].kind == MANNER_BUYERS && !b->slow && p->d != NULL)
            buyer_wants(b, &c->manners[i], p);
}

/* ---- the turn ---- */

void crowd_behave(struct crowd *c, const struct crowd_manner *manners, size_t count)
{
    MUST(count <= CROWD_MANNERS_MAX);
    c->manners = manners;
    c->manners_count = count;
    c->manner_began_us = load_now_us();
    for (size_t i = 0; i < count; i++) {
        c->manner_acts[i] = 0;
        c->manner_wishing[i] = (struct crowd_wishing){.began_us = c->manner_began_us};
        if (manners[i].kind == MANNER_RESERVE)
            c->manner_wishing[i].wishes = &manners[i].wishes;
    }
}

void manners_run(struct crowd *c)
{
    double elapsed_s = (double)(load_now_us() - c->manner_began_us) / 1e6;
    for (size_t i = 0; i < c->manners_count; i++) {
        const struct crowd_manner *m = &c->manners[i];
        double speed = c->config.speed, per_second = 0;
        if (m->kind == MANNER_COME_AND_GO)
            per_second = m->per_second * speed;
        else if (m->kind == MANNER_CLOCK)
            per_second = (double)c->config.viewers * 1000 * speed / m->every_ms;
        for (; (double)c->manner_acts[i] < elapsed_s * per_second; c->manner_acts[i]++) {
            if (m->kind == MANNER_COME_AND_GO)
                one_goes(c, m);
            else
                clock_tell(c, m, c->manner_acts[i]);
        }
    }
}

/* ---- slow readers ---- */

#define SLOW_RECEIVE_BUFFER_BYTES 2048 /* the kernel makes a little more of it */

static void slow_turn(struct load_timer *timer)
{
    struct buyer *b = container_of(timer, struct buyer, read);
    struct crowd *c = b->crowd;
    if (!b->slow || !b->live)
        return;
    if (c->slow_read_ms > 0)
        load_read_some(&b->viewer.conn, c->slow_read_bytes);
    if (b->live && rng_unit(&c->set.rng) * c->slow_ping_ms < (c->slow_read_ms > 0 ? c->slow_read_ms : c->slow_ping_ms))
        load_sendf(&b->viewer.conn, "{\"t\":\"ping\",\"id\":\"p\"}");
    load_timer_start(&c->set, timer, (int64_t)(c->slow_read_ms > 0 ? c->slow_read_ms : c->slow_ping_ms));
}

void slow_joined(struct buyer *b)
{
    struct crowd *c = b->crowd;
    load_pause(&b->viewer.conn, true, SLOW_RECEIVE_BUFFER_BYTES);
    b->read.fire = slow_turn;
    load_timer_start(
        &c->set, &b->read,
        1 + (int64_t)rng_below(&c->set.rng, (uint64_t)(c->slow_read_ms > 0 ? c->slow_read_ms : c->slow_ping_ms)));
}

static void slow_set(struct buyer *b, bool slow)
{
    struct crowd *c = b->crowd;
    if (b->slow == slow)
        return;
    if (slow) {
        pin_missed(b);
        c->level -= b->level;
        b->level = false;
        buyer_expect(b, false);
        c->attentive -= b->live;
        b->slow = true;
        if (b->live)
            slow_joined(b);
    } else { /* reads what lies there, and is level when that has come */
        b->slow = false;
        c->attentive += b->live;
        b->since_pin = c->counts.pins;
        load_timer_stop(&b->read);
        load_pause(&b->viewer.conn, false, 0);
    }
}

void crowd_slow(struct crowd *c, double share, double read_ms, size_t bytes, double ping_ms)
{
    double speed = c->config.speed;
    snprintf(c->doing, sizeof c->doing, "slow");
    c->slow_read_ms = read_ms > 0 && read_ms / speed < 1 ? 1 : read_ms / speed;
    c->slow_ping_ms = ping_ms / speed < 1 ? 1 : ping_ms / speed;
    c->slow_read_bytes = bytes;
    for (size_t i = 0; i < c->config.viewers; i++)
        slow_set(&c->buyers[i], (double)i < share * (double)c->config.viewers);
    crowd_turn(c, 0);
}
