/* loadtest/host.c - the one who runs the show. A command whose line broke before the answer is said again when the line is back;
 * a pin is said again untimed: it counts as interrupted. */
#include "loadtest/buyer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"

#define HOST_BACK_FIRST_MS 100
#define HOST_BACK_LAST_MS 2000

/* ---- the line ---- */

/* "counts":{"mug-red":{"allocated":40,"available":7,"sold":30,...},...}: what there is to sell when we come. */
static void counts_read(struct crowd *c, const char *text, size_t len)
{
    json_t *snapshot = json_loadb(text, len, 0, NULL);
    const char *sku;
    json_t *count;
    json_object_foreach(json_object_get(json_object_get(snapshot, "d"), "counts"), sku, count)
    {
        struct books_sku *s = books_sku(&c->books, sku);
        if (s == NULL || s->known)
            continue; /* a later snapshot may be older than what was given since */
        s->known = true;
        s->allocated += json_integer_value(json_object_get(count, "allocated"));
        s->sold_before = json_integer_value(json_object_get(count, "sold"));
        s->available_before = json_integer_value(json_object_get(count, "available"));
    }
    json_decref(snapshot);
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
    if (p->d != NULL && load_is(p->t, p->t_len, "snapshot")) {
        counts_read(c, text, len);
        pinned_read(c, p);
    }
    if (p->re == NULL || !load_is(p->re, p->re_len, c->host_asked)) /* of a command given up before, or hello's */
        return;
    c->host_answered = true;
    c->host_error[0] = '\0';
    if (load_is(p->t, p->t_len, "error") && load_find(p->d, p->d_len, "code", &code, &code_len) && code_len > 2) {
        snprintf(c->host_error, sizeof c->host_error, "%.*s", (int)(code_len < 60 ? code_len - 2 : 60), code + 1);
        crowd_trouble(c, "the host was refused", c->host_error);
    }
}

static void host_ready(struct load_viewer *v) { ((struct crowd *)v->ctx)->host_fails = 0; }

/* {"ticket":"..."}: who runs the show need not stand in line with the viewers. */
static void ticket_told(struct load_http *http, int status, const char *body, size_t len)
{
    struct crowd *c = http->ctx;
    const char *ticket;
    size_t ticket_len;
    (void)status;
    c->ticket_asking = false;
    if (c->finishing)
        return;
    snprintf(c->host_path, sizeof c->host_path, "%s", c->path);
    if (load_find(body, len, "ticket", &ticket, &ticket_len) && ticket_len > 2)
        snprintf(c->host_path, sizeof c->host_path, "%s?ticket=%.*s", c->path,
                 (int)(ticket_len - 2 < 128 ? ticket_len - 2 : 128), ticket + 1);
    load_viewer_join(&c->set, &c->host);
}

static void host_left(struct load_viewer *v, int code, const char *why)
{
    struct crowd *c = v->ctx;
    (void)code;
    if (c->finishing)
        return;
    c->host_losses++;
    c->host_in_line = v->conn.status == 503 || v->conn.status == 429;
    crowd_trouble(c, "the host lost the line", why);
    int64_t most = (int64_t)HOST_BACK_FIRST_MS << (c->host_fails < 5 ? c->host_fails : 5);
    c->host_fails++;
    load_timer_start(
        &c->set, &c->host_back,
        1 + (int64_t)rng_below(&c->set.rng, (uint64_t)(most < HOST_BACK_LAST_MS ? most : HOST_BACK_LAST_MS)));
}

static void host_back(struct load_timer *timer) { host_join(container_of(timer, struct crowd, host_back)); }

void host_join(struct crowd *c)
{
    if (!c->host_in_line) {
        snprintf(c->host_path, sizeof c->host_path, "%s", c->path);
        load_viewer_join(&c->set, &c->host);
        return;
    }
    c->ticket = (struct load_http){
        .method = "GET", .path = c->path, .token = c->config.host_token, .done = ticket_told, .ctx = c};
    c->ticket_asking = true;
    load_http_start(&c->set, &c->ticket);
}

void host_init(struct crowd *c)
{
    static const struct load_viewer_handler handler = {.ready = host_ready, .message = host_message, .left = host_left};
    c->host.handler = &handler;
    c->host.path = c->host_path;
    c->host.token = c->config.host_token;
    c->host.ctx = c;
    c->host_back.fire = host_back;
}

/* ---- commands ---- */

static void host_asks(struct crowd *c) /* the next command is another one: its answer is told by its id */
{
    c->host_answered = false;
    c->host_error[0] = '\0';
    snprintf(c->host_asked, sizeof c->host_asked, "c%llu", (unsigned long long)++c->host_commands);
}

/* Waits for the line, then for the answer; says it again when the line broke between. */
bool crowd_host_says(struct crowd *c, const char *type, const char *members)
{
    char command[320];
    int64_t until = load_now_ms() + ANSWER_WAIT_MS;
    uint64_t said_at = UINT64_MAX; /* host_losses when it was said */
    host_asks(c);
    snprintf(command, sizeof command, "{\"t\":\"%s\",\"id\":\"%s\"%s}", type, c->host_asked, members);
    while (!c->host_answered && crowd_goes_on(c, until)) {
        if (said_at != c->host_losses && load_viewer_is_live(&c->host)) {
            load_send(&c->host.conn, command, strlen(command));
            said_at = c->host_losses;
        }
        crowd_turn(c, 1);
    }
    return c->host_answered && c->host_error[0] == '\0';
}

static bool stock_command(struct crowd *c, const char *verb, const char *sku, int64_t units)
{
    char members[224], ref[17];
    rng_text(&c->set.rng, ref, 16);
    snprintf(members, sizeof members, ",\"sku\":\"%.63s\",\"units\":%lld,\"ref\":\"load-%llx-%s\"", sku,
             (long long)units, (unsigned long long)load_now_us(), ref);
    return crowd_host_says(c, verb, members);
}

bool crowd_allocate(struct crowd *c, const char *sku, int64_t units)
{
    struct books_sku *s = books_sku(&c->books, sku);
    if (s == NULL)
        return false;
    s->allocated += units; /* before the answer: a viewer may hear first */
    if (stock_command(c, "stock.allocate", sku, units))
        return true;
    if (c->host_answered)
        s->allocated -= units;
    return false;
}

bool crowd_stock(struct crowd *c, const char *sku, int64_t available)
{
    struct books_sku *s = books_sku(&c->books, sku);
    if (s == NULL || !crowd_stock_before(c))
        return false;
    int64_t more = available - s->available_before;
    if (more > 0)
        return crowd_allocate(c, sku, more);
    if (more < 0 && !stock_command(c, "stock.withdraw", sku, -more))
        return false;
    s->allocated += more; /* after the answer: until then it may still be sold */
    return true;
}

/* ---- pins ---- */

void pin_seen(struct buyer *b)
{
    struct crowd *c = b->crowd;
    if (c->pin_sent_us == 0 || b->slow || b->since_pin >= c->counts.pins || b->seen_pin == c->counts.pins)
        return;
    int64_t now = load_now_us();
    b->seen_pin = c->counts.pins;
    histogram_add(&c->pin, now - c->pin_sent_us);
    histogram_add(&c->series.pin, now - c->pin_sent_us);
    c->pin_waiting--;
    c->pin_last_us = now;
}

void pin_missed(struct buyer *b)
{
    struct crowd *c = b->crowd;
    if (c->pin_sent_us != 0 && !b->slow && b->since_pin < c->counts.pins && b->seen_pin != c->counts.pins) {
        b->seen_pin = c->counts.pins;
        c->pin_waiting--;
    }
}

static bool pin_is_out(const struct crowd *c) { return c->host_answered && c->pin_waiting == 0; }

/* The next of `skus` in turn; what is pinned already only where there is no other: that is no event. */
static const char *pin_choose(struct crowd *c, const char *const *skus, size_t count)
{
    const char *sku = skus[c->pin_turn++ % count];
    if (count > 1 && strcmp(sku, c->pinned) == 0)
        sku = skus[c->pin_turn++ % count];
    return sku;
}

/* Untimed, and no event is waited for. */
static bool pin_say(struct crowd *c, const char *sku)
{
    char members[96];
    snprintf(members, sizeof members, ",\"slot\":0,\"sku\":\"%.63s\"", sku);
    return crowd_host_says(c, "pin.set", members);
}

/* The line is there, and what is pinned is known: a pin that was cut off is said again, untimed, for it may have gone out or not,
 * and pinning what is pinned already is no event that anybody could wait for. */
static bool host_wait(struct crowd *c)
{
    int64_t until = load_now_ms() + ANSWER_WAIT_MS;
    while (!load_viewer_is_live(&c->host) && crowd_goes_on(c, until))
        crowd_turn(c, 1);
    if (!c->pin_cut || !load_viewer_is_live(&c->host))
        return load_viewer_is_live(&c->host);
    c->pin_cut = !pin_say(c, c->pinned);
    return !c->pin_cut;
}

/* Timed from `due_us`. False when it did not go out to all who were to see it; an interrupted one is nobody's fault. */
static bool pin_send(struct crowd *c, const char *sku, int64_t due_us)
{
    uint64_t losses = c->host_losses;
    host_asks(c);
    snprintf(c->pinned, sizeof c->pinned, "%s", sku);
    c->counts.pins++;
    c->pin_waiting = c->attentive;
    c->pin_sent_us = due_us;
    c->pin_last_us = 0;
    load_sendf(&c->host.conn, "{\"t\":\"pin.set\",\"id\":\"%s\",\"slot\":0,\"sku\":\"%s\"}", c->host_asked, sku);
    for (int64_t until = load_now_ms() + ANSWER_WAIT_MS;
         !pin_is_out(c) && c->host_error[0] == '\0' && c->host_losses == losses && crowd_goes_on(c, until);)
        crowd_turn(c, 1);
    bool cut = c->host_losses != losses || c->stopped;
    bool out = pin_is_out(c) && c->host_error[0] == '\0' && !cut;
    if (out && c->pin_last_us != 0) {
        histogram_add(&c->pin_last, c->pin_last_us - c->pin_sent_us);
    }
    c->counts.pins_interrupted += cut;
    c->counts.pins_incomplete += !out && !cut;
    c->pin_sent_us = 0;
    c->pin_cut = cut;
    return out || cut;
}

bool crowd_pins(struct crowd *c, const char *const *skus, size_t skus_count, size_t count, int64_t every_ms)
{
    bool all = true;
    int64_t began = load_now_us();
    snprintf(c->doing, sizeof c->doing, "pins");
    for (size_t i = 0; i < count && all && !c->stopped; i++) { /* a pin is chosen when it is known what is pinned */
        int64_t due = every_ms > 0 ? began + (int64_t)i * every_ms * 1000 : load_now_us();
        crowd_wait(c, (due - load_now_us()) / 1000);
        all = host_wait(c);
        const char *sku = all ? pin_choose(c, skus, skus_count) : NULL;
        if (sku != NULL)
            all = strcmp(sku, c->pinned) == 0 ? pin_say(c, sku) : pin_send(c, sku, due);
    }
    crowd_wait(c, every_ms > 0 ? (began + (int64_t)count * every_ms * 1000 - load_now_us()) / 1000 : 0);
    return all;
}
