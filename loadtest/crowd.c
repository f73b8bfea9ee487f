/* loadtest/crowd.c - what the crowd does, in the order of a show. */
#include "loadtest/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"

#define ANSWER_WAIT_MS 15000 /* an answer later than this is none */
#define RETURN_FIRST_MS 100
#define PROGRESS_MS 1000

struct buyer {
    struct load_viewer viewer; /* first: callbacks get this */
    struct crowd *crowd;
    struct load_timer back;
    enum { BUYER_FREE, BUYER_ASKED, BUYER_HOLDS, BUYER_GIVING_BACK } state;
    unsigned wishes, units;
    int64_t asked_us, back_ms;
    char hold[48];
};

static void pump(struct crowd *c, int wait_ms);
static void wish_ask(struct buyer *b);

/* ---- books ---- */

static void answer_count(struct crowd *c, const char *code, size_t len)
{
    for (size_t i = 0; i < CROWD_ANSWERS_MAX; i++) {
        struct crowd_answer *a = &c->answers[i];
        if (a->code[0] == '\0')
            snprintf(a->code, sizeof a->code, "%.*s", (int)(len < 31 ? len : 31), code);
        if (load_is(code, len, a->code)) {
            a->count++;
            return;
        }
    }
}

static void trouble(struct crowd *c, const char *what, const char *detail)
{
    if (c->first_trouble[0] == '\0')
        snprintf(c->first_trouble, sizeof c->first_trouble, "%.60s: %.90s", what, detail);
}

static void units_count(struct crowd *c, int64_t change)
{
    c->outstanding += change;
    if (c->outstanding > c->outstanding_max)
        c->outstanding_max = c->outstanding;
    if (c->allocated > 0 && c->outstanding > c->allocated)
        c->oversold = true;
}

/* ---- a viewer ---- */

static void buyer_answered(struct buyer *b, const struct load_peek *p)
{
    const char *code = "held";
    size_t len = 4;
    struct crowd *c = b->crowd;
    bool held = load_is(p->t, p->t_len, "hold");
    if (!held && (p->d == NULL || !load_find(p->d, p->d_len, "code", &code, &len)))
        return;
    if (!held) {
        code++; /* without its quotes */
        len -= 2;
    }
    histogram_add(&c->reserve, load_now_us() - b->asked_us);
    answer_count(c, code, len);
    b->state = held ? BUYER_HOLDS : BUYER_FREE;
    if (held) {
        c->held_answers++;
        units_count(c, b->units);
    }
    if (c->wishes == NULL)
        return;
    if (held && c->wishes->then == THEN_RELEASE) {
        b->state = BUYER_GIVING_BACK;
        load_sendf(&b->viewer.conn, "{\"t\":\"release\",\"id\":\"g%u\",\"hold\":\"%s\"}", b->wishes, b->hold);
    } else if (c->wishes->per_second <= 0) {
        wish_ask(b);
    }
}

static void buyer_gave_back(struct buyer *b)
{
    units_count(b->crowd, -(int64_t)b->units);
    b->state = BUYER_FREE;
    if (b->crowd->wishes != NULL && b->crowd->wishes->per_second <= 0)
        wish_ask(b);
}

static void buyer_message(struct load_viewer *v, const struct load_peek *p, const char *text, size_t len)
{
    struct buyer *b = (struct buyer *)v;
    struct crowd *c = b->crowd;
    (void)text;
    (void)len;
    if (p->re == NULL && c->pin_sent_us != 0 && load_is(p->t, p->t_len, "pin.set")) {
        int64_t now = load_now_us();
        histogram_add(&c->pin, now - c->pin_sent_us);
        c->pin_receipts++;
        c->pin_last_us = now;
    } else if (p->re != NULL && b->state == BUYER_ASKED && load_is(p->re, p->re_len, b->hold)) {
        buyer_answered(b, p);
    } else if (p->re != NULL && b->state == BUYER_GIVING_BACK && load_is(p->t, p->t_len, "hold") && p->re[0] == 'g') {
        buyer_gave_back(b);
    }
}

static void buyer_ready(struct load_viewer *v)
{
    struct buyer *b = (struct buyer *)v;
    b->crowd->live++;
    b->back_ms = RETURN_FIRST_MS;
    histogram_add(&b->crowd->join, (v->welcomed_ms - v->joined_ms) * 1000);
    if (b->state == BUYER_ASKED) /* the line broke between wish and answer: the same id asks again */
        load_sendf(&v->conn, "{\"t\":\"reserve\",\"id\":\"%s\",\"lines\":[{\"sku\":\"%s\",\"qty\":%u}]}", b->hold,
                   b->crowd->wishes == NULL ? "" : b->crowd->wishes->sku, b->units);
}

static void buyer_back(struct load_timer *timer)
{
    struct buyer *b = container_of(timer, struct buyer, back);
    load_viewer_join(&b->crowd->set, &b->viewer);
}

static void buyer_left(struct load_viewer *v, int code, const char *why)
{
    struct buyer *b = (struct buyer *)v;
    struct crowd *c = b->crowd;
    char detail[128];
    bool was_live = v->welcomed_ms >= v->joined_ms && v->welcomed_ms != 0;
    if (was_live) {
        c->live--;
        c->lost++;
    } else {
        c->refused_joins++;
        snprintf(detail, sizeof detail, "%d %.100s", code, why);
        trouble(c, "a viewer could not join", detail);
    }
    if (!c->returning)
        return;
    load_timer_start(&c->set, &b->back, b->back_ms / 2 + (int64_t)rng_below(&c->set.rng, (uint64_t)b->back_ms + 1));
    b->back_ms = 2 * b->back_ms < 5000 ? 2 * b->back_ms : 5000;
}

static const struct load_viewer_handler buyer_handler = {
    .ready = buyer_ready, .message = buyer_message, .left = buyer_left};

/* ---- the host ---- */

/* {"mug-red":{"allocated":40,...},...}: the sum over SKUs is what can be ours at most. */
static void counts_read(struct crowd *c, const struct load_peek *p)
{
    const char *at = p->d, *end = p->d + p->d_len;
    int64_t allocated = 0;
    while (at != NULL && at < end && (at = memmem(at, (size_t)(end - at), "\"allocated\":", 12)) != NULL) {
        at += 12;
        allocated += strtoll(at, NULL, 10);
    }
    if (allocated > c->allocated)
        c->allocated = allocated;
}

/* "pins":[{"slot":0,"sku":"mug-red",...}]: a show may have been running before we came. */
static void pinned_read(struct crowd *c, const struct load_peek *p)
{
    const char *pins, *sku;
    size_t pins_len, len;
    if (load_find(p->d, p->d_len, "pins", &pins, &pins_len) && pins_len > 2 &&
        load_find(pins + 1, pins_len - 2, "sku", &sku, &len) && len > 2)
        snprintf(c->pinned, sizeof c->pinned, "%.*s", (int)(len - 2 < 63 ? len - 2 : 63), sku + 1);
}

static void host_message(struct load_viewer *v, const struct load_peek *p, const char *text, size_t len)
{
    struct crowd *c = v->ctx;
    const char *code;
    size_t code_len;
    (void)text;
    (void)len;
    if (load_is(p->t, p->t_len, "snapshot") && p->d != NULL) {
        counts_read(c, p);
        pinned_read(c, p);
    }
    if (p->re == NULL || load_is(p->t, p->t_len, "welcome"))
        return;
    c->pin_answered = true;
    c->host_error[0] = '\0';
    if (load_is(p->t, p->t_len, "error") && load_find(p->d, p->d_len, "code", &code, &code_len)) {
        snprintf(c->host_error, sizeof c->host_error, "%.*s", (int)(code_len < 60 ? code_len : 60), code);
        trouble(c, "the host was refused", c->host_error);
    }
}

static void host_left(struct load_viewer *v, int code, const char *why)
{
    struct crowd *c = v->ctx;
    (void)code;
    trouble(c, "the host lost the line", why);
    if (c->returning)
        load_viewer_join(&c->set, v);
}

static const struct load_viewer_handler host_handler = {.message = host_message, .left = host_left};

/* ---- running ---- */

static void progress_print(struct crowd *c)
{
    if (c->config.progress == NULL || load_now_ms() - c->progress_ms < PROGRESS_MS)
        return;
    c->progress_ms = load_now_ms();
    fprintf(c->config.progress, "%-10s live %zu/%zu  events %llu  gaps %llu  pins p99 %.1f ms  asked %llu  held %llu\n",
            c->doing, c->live, c->config.viewers, (unsigned long long)CROWD_SUM(c, events),
            (unsigned long long)CROWD_SUM(c, gaps), histogram_ms(&c->pin, 0.99), (unsigned long long)c->asked,
            (unsigned long long)c->held_answers);
    fflush(c->config.progress);
}

static void pump(struct crowd *c, int wait_ms)
{
    load_turn(&c->set, wait_ms);
    progress_print(c);
}

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
    *c = (struct crowd){.config = *config};
    if (load_target_parse(config->url, &target) != RESULT_OK || path_set(c) != RESULT_OK)
        return RESULT_MALFORMED;
    c->buyers = calloc(config->viewers, sizeof *c->buyers);
    if (c->buyers == NULL || load_set_init(&c->set, &target, config->seed) != RESULT_OK) {
        free(c->buyers);
        return RESULT_NO_MEMORY;
    }
    for (size_t i = 0; i < config->viewers; i++) {
        struct buyer *b = &c->buyers[i];
        b->viewer.handler = &buyer_handler;
        b->viewer.path = c->path;
        b->viewer.token = config->token;
        b->crowd = c;
        b->back.fire = buyer_back;
        b->back_ms = RETURN_FIRST_MS;
    }
    c->host.handler = &host_handler;
    c->host.path = c->path;
    c->host.token = config->host_token;
    c->host.ctx = c;
    return RESULT_OK;
}

void crowd_finish(struct crowd *c)
{
    c->returning = false;
    for (size_t i = 0; i < c->config.viewers; i++) {
        load_timer_stop(&c->buyers[i].back);
        load_close(&c->buyers[i].viewer.conn, 1000);
    }
    load_close(&c->host.conn, 1000);
    for (int i = 0; i < 100 && c->set.conns > 0; i++)
        load_turn(&c->set, 0);
    load_turn(&c->set, 0);
    load_set_finish(&c->set);
    free(c->buyers);
}

/* All in, or nobody left who might still come in. */
static bool join_is_over(const struct crowd *c)
{
    bool host_pending = c->host.token != NULL && !load_viewer_is_live(&c->host) && c->host.conn.state != LOAD_IDLE;
    return c->live + c->refused_joins >= c->config.viewers && !host_pending;
}

bool crowd_join(struct crowd *c, double per_second, int64_t wait_ms)
{
    int64_t began = load_now_ms(),
            deadline = began + (int64_t)((double)c->config.viewers / per_second * 1000) + wait_ms;
    size_t joined = 0;
    snprintf(c->doing, sizeof c->doing, "join");
    if (c->host.token != NULL)
        load_viewer_join(&c->set, &c->host);
    while (load_now_ms() < deadline && !join_is_over(c)) {
        double due = (double)(load_now_ms() - began + 1) * per_second / 1000;
        for (; joined < c->config.viewers && (double)joined < due; joined++)
            load_viewer_join(&c->set, &c->buyers[joined].viewer);
        pump(c, 1);
    }
    crowd_wait(c, 50); /* the snapshots that follow the last welcomes */
    return c->live == c->config.viewers;
}

void crowd_wait(struct crowd *c, int64_t ms)
{
    for (int64_t until = load_now_ms() + ms; load_now_ms() < until;)
        pump(c, 1);
}

bool crowd_host_says(struct crowd *c, const char *command)
{
    c->pin_answered = false;
    load_send(&c->host.conn, command, strlen(command));
    for (int64_t until = load_now_ms() + ANSWER_WAIT_MS; !c->pin_answered && load_now_ms() < until;)
        pump(c, 1);
    return c->pin_answered && c->host_error[0] == '\0';
}

bool crowd_allocate(struct crowd *c, const char *sku, int64_t units)
{
    char command[256], ref[17];
    rng_text(&c->set.rng, ref, 16);
    snprintf(command, sizeof command,
             "{\"t\":\"stock.allocate\",\"id\":\"x\",\"sku\":\"%.63s\",\"units\":%lld,\"ref\":\"load-%llx-%s\"}", sku,
             (long long)units, (unsigned long long)load_now_us(), ref);
    c->allocated += units;
    return crowd_host_says(c, command);
}

/* ---- pins ---- */

static bool pin_is_out(const struct crowd *c) { return c->pin_answered && c->pin_receipts >= c->live; }

/* The next of `skus` in turn, and never what is pinned already: that would be no event. */
static const char *pin_choose(struct crowd *c, const char *const *skus, size_t count)
{
    const char *sku = skus[c->pin_turn++ % count];
    if (count > 1 && strcmp(sku, c->pinned) == 0)
        sku = skus[c->pin_turn++ % count];
    snprintf(c->pinned, sizeof c->pinned, "%s", sku);
    return sku;
}

static bool pin_send(struct crowd *c, const char *sku)
{
    c->pin_answered = false;
    c->host_error[0] = '\0';
    c->pin_receipts = 0;
    c->pins++;
    c->pin_sent_us = load_now_us();
    load_sendf(&c->host.conn, "{\"t\":\"pin.set\",\"id\":\"p%llu\",\"slot\":0,\"sku\":\"%s\"}",
               (unsigned long long)c->pins, sku);
    for (int64_t until = load_now_ms() + ANSWER_WAIT_MS;
         !pin_is_out(c) && c->host_error[0] == '\0' && load_now_ms() < until;)
        pump(c, 1);
    bool out = pin_is_out(c) && c->host_error[0] == '\0';
    if (out && c->pin_receipts > 0)
        histogram_add(&c->pin_last, c->pin_last_us - c->pin_sent_us);
    c->pins_incomplete += !out;
    c->pin_sent_us = 0;
    return out;
}

bool crowd_pins(struct crowd *c, const char *const *skus, size_t skus_count, size_t count, int64_t every_ms)
{
    bool all = true;
    snprintf(c->doing, sizeof c->doing, "pins");
    for (size_t i = 0; i < count && all; i++) {
        int64_t began = load_now_ms();
        all = pin_send(c, pin_choose(c, skus, skus_count));
        crowd_wait(c, every_ms - (load_now_ms() - began));
    }
    return all;
}

uint64_t crowd_flood(struct crowd *c, const char *const *skus, size_t skus_count, int64_t last_ms)
{
    uint64_t sent = 0;
    snprintf(c->doing, sizeof c->doing, "flood");
    for (int64_t until = load_now_ms() + last_ms; load_now_ms() < until; sent++)
        if (!pin_send(c, pin_choose(c, skus, skus_count)))
            break;
    return sent;
}

/* ---- reservations ---- */

static void wish_ask(struct buyer *b)
{
    struct crowd *c = b->crowd;
    char random[21];
    rng_text(&c->set.rng, random, 20);
    snprintf(b->hold, sizeof b->hold, "h_%s", random);
    b->wishes++;
    b->units = c->wishes->qty;
    b->state = BUYER_ASKED;
    b->asked_us = load_now_us();
    c->asked++;
    load_sendf(&b->viewer.conn, "{\"t\":\"reserve\",\"id\":\"%s\",\"lines\":[{\"sku\":\"%s\",\"qty\":%u}]}", b->hold,
               c->wishes->sku, b->units);
}

static size_t buyers_asking(const struct crowd *c)
{
    size_t asking = 0;
    for (size_t i = 0; i < c->config.viewers; i++)
        asking += c->buyers[i].state == BUYER_ASKED;
    return asking;
}

static void wishes_open_loop(struct crowd *c, int64_t began)
{
    const struct crowd_wishes *w = c->wishes;
    uint64_t wished = 0;
    for (size_t at = 0; load_now_ms() < began + w->last_ms; pump(c, 1)) {
        double due = (double)(load_now_ms() - began) * w->per_second / 1000;
        for (size_t tried = 0; (double)wished < due && tried < c->config.viewers; tried++, at++) {
            struct buyer *b = &c->buyers[at % c->config.viewers];
            if (b->state != BUYER_FREE || !load_viewer_is_live(&b->viewer))
                continue;
            wish_ask(b);
            wished++;
        }
    }
}

void crowd_reserve(struct crowd *c, const struct crowd_wishes *wishes)
{
    int64_t began = load_now_ms();
    c->wishes = wishes;
    snprintf(c->doing, sizeof c->doing, "reserve");
    if (wishes->per_second > 0) {
        wishes_open_loop(c, began);
    } else {
        for (size_t i = 0; i < wishes->at_once && i < c->config.viewers; i++)
            if (load_viewer_is_live(&c->buyers[i].viewer) && c->buyers[i].state == BUYER_FREE)
                wish_ask(&c->buyers[i]);
        crowd_wait(c, wishes->last_ms);
    }
    struct crowd_wishes no_more = *wishes; /* answers still come; nobody asks again */
    no_more.per_second = 1;
    c->wishes = &no_more;
    for (int64_t until = load_now_ms() + ANSWER_WAIT_MS; buyers_asking(c) > 0 && load_now_ms() < until;)
        pump(c, 1);
    c->unanswered += buyers_asking(c);
    c->wishes = NULL;
}

/* ---- lost lines ---- */

void crowd_drop(struct crowd *c, double share)
{
    snprintf(c->doing, sizeof c->doing, "drop");
    for (size_t i = 0; i < c->config.viewers; i++)
        if (rng_unit(&c->set.rng) < share)
            load_close(&c->buyers[i].viewer.conn, 0);
    pump(c, 0);
}

static bool crowd_is_level(const struct crowd *c)
{
    if (c->live < c->config.viewers)
        return false;
    for (size_t i = 0; i < c->config.viewers; i++)
        if (c->host.token != NULL && c->buyers[i].viewer.seq < c->host.seq)
            return false;
    return true;
}

bool crowd_return(struct crowd *c, int64_t within_ms, int64_t wait_ms)
{
    int64_t until = load_now_ms() + within_ms + wait_ms;
    snprintf(c->doing, sizeof c->doing, "return");
    c->returning = true;
    for (size_t i = 0; i < c->config.viewers; i++)
        if (c->buyers[i].viewer.conn.state == LOAD_IDLE)
            load_timer_start(&c->set, &c->buyers[i].back, (int64_t)rng_below(&c->set.rng, (uint64_t)within_ms + 1));
    while (!crowd_is_level(c) && load_now_ms() < until)
        pump(c, 1);
    c->returning = false;
    return crowd_is_level(c);
}

/* ---- reports ---- */

uint64_t crowd_sum(const struct crowd *c, size_t offset)
{
    uint64_t sum = 0, one;
    for (size_t i = 0; i < c->config.viewers; i++) {
        memcpy(&one, (const char *)&c->buyers[i].viewer + offset, sizeof one);
        sum += one;
    }
    return sum;
}

bool crowd_is_sound(const struct crowd *c)
{
    return CROWD_SUM(c, gaps) == 0 && CROWD_SUM(c, duplicates) == 0 && CROWD_SUM(c, malformed) == 0 && !c->oversold &&
           c->unanswered == 0 && c->pins_incomplete == 0;
}

static void histogram_report(struct bytes *out, const char *name, const struct histogram *h)
{
    bytes_format(out, ",\"%s\":{\"count\":%llu,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name,
                 (unsigned long long)h->count, histogram_ms(h, 0.5), histogram_ms(h, 0.9), histogram_ms(h, 0.99),
                 histogram_ms(h, 1));
}

void crowd_report(const struct crowd *c, struct bytes *out, const char *name)
{
    bytes_format(out, "{\"scenario\":\"%s\",\"viewers\":%zu,\"live\":%zu,\"sound\":%s", name, c->config.viewers,
                 c->live, crowd_is_sound(c) ? "true" : "false");
    bytes_format(
        out,
        ",\"events\":%llu,\"gaps\":%llu,\"duplicates\":%llu,\"malformed\":%llu,\"resumes\":%llu,\"snapshots\":%llu",
        (unsigned long long)CROWD_SUM(c, events), (unsigned long long)CROWD_SUM(c, gaps),
        (unsigned long long)CROWD_SUM(c, duplicates), (unsigned long long)CROWD_SUM(c, malformed),
        (unsigned long long)CROWD_SUM(c, resumes), (unsigned long long)CROWD_SUM(c, snapshots));
    bytes_format(out, ",\"lost\":%llu,\"refused_joins\":%llu,\"pins\":%llu,\"pins_incomplete\":%llu",
                 (unsigned long long)c->lost, (unsigned long long)c->refused_joins, (unsigned long long)c->pins,
                 (unsigned long long)c->pins_incomplete);
    bytes_format(
        out,
        ",\"asked\":%llu,\"unanswered\":%llu,\"outstanding_max\":%lld,\"allocated\":%lld,\"oversold\":%s,\"answers\":{",
        (unsigned long long)c->asked, (unsigned long long)c->unanswered, (long long)c->outstanding_max,
        (long long)c->allocated, c->oversold ? "true" : "false");
    for (size_t i = 0; i < CROWD_ANSWERS_MAX && c->answers[i].code[0] != '\0'; i++)
        bytes_format(out, "%s\"%s\":%llu", i == 0 ? "" : ",", c->answers[i].code,
                     (unsigned long long)c->answers[i].count);
    bytes_text(out, "}");
    histogram_report(out, "join_ms", &c->join);
    histogram_report(out, "pin_ms", &c->pin);
    histogram_report(out, "pin_last_ms", &c->pin_last);
    histogram_report(out, "reserve_ms", &c->reserve);
    bytes_text(out, "}\n");
}

static void histogram_print(FILE *to, const char *name, const struct histogram *h)
{
    if (h->count > 0)
        fprintf(to, "  %-28s %10llu   p50 %8.2f   p90 %8.2f   p99 %8.2f   max %8.2f ms\n", name,
                (unsigned long long)h->count, histogram_ms(h, 0.5), histogram_ms(h, 0.9), histogram_ms(h, 0.99),
                histogram_ms(h, 1));
}

void crowd_print(const struct crowd *c, FILE *to)
{
    fprintf(to, "%zu of %zu viewers live; %llu events, %llu gaps, %llu duplicates; %llu resumed, %llu snapshots\n",
            c->live, c->config.viewers, (unsigned long long)CROWD_SUM(c, events),
            (unsigned long long)CROWD_SUM(c, gaps), (unsigned long long)CROWD_SUM(c, duplicates),
            (unsigned long long)CROWD_SUM(c, resumes), (unsigned long long)CROWD_SUM(c, snapshots));
    histogram_print(to, "hello to welcome", &c->join);
    histogram_print(to, "pin to each viewer", &c->pin);
    histogram_print(to, "pin to the last viewer", &c->pin_last);
    histogram_print(to, "reserve to its answer", &c->reserve);
    for (size_t i = 0; i < CROWD_ANSWERS_MAX && c->answers[i].code[0] != '\0'; i++)
        fprintf(to, "  %-28s %10llu\n", c->answers[i].code, (unsigned long long)c->answers[i].count);
    if (c->asked > 0)
        fprintf(to, "  at most %lld units held at once of %lld allocated; %llu unanswered\n",
                (long long)c->outstanding_max, (long long)c->allocated, (unsigned long long)c->unanswered);
    if (c->first_trouble[0] != '\0')
        fprintf(to, "  first trouble: %s\n", c->first_trouble);
    fprintf(to, "%s\n", crowd_is_sound(c) ? "sound: nothing missed, nothing twice, nothing sold twice" : "NOT SOUND");
}
