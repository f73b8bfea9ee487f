/* logistics/hooks/deliver.c - one message: from what is owed to its end.
 *
 *   duty_look        what is due is sent, for what is not yet a timer is set
 *     delivery_start   built whole; signed and posted, or appended to the stream
 *     delivery_ended   taken: the place moves on. Not: later again, or given up. 410: nobody is there any more
 *   sinks_look       whoever waited is next */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/hooks/inner.h"

static void delivery_start(struct duty *duty, const struct message *m, const struct hook_view *view);
static void post_done(struct webhook_post *post);
static void append_done(struct feed_append *append);
static void delivery_ended(struct delivery *d, bool taken);

/* ---- looking ---- */

static bool sink_is_open(const struct sink *sink)
{
    return !sink->hooks->stopped && !sink->endpoint.disabled && sink->busy == NULL;
}

/* The first lane that owes something and may be tried; otherwise when the next may be: 0: none owes anything. */
static bool duty_due(const struct duty *duty, const struct hook_view *view, int64_t now_ms, struct message *ret,
                     int64_t *ret_next_ms)
{
    *ret_next_ms = 0;
    for (enum lane_kind i = 0; i < LANES; i++) {
        if (!lane_head(duty, i, view, ret))
            continue;
        int64_t due_ms = lane_due_ms(&duty->lanes[i]);
        if (due_ms <= now_ms)
            return true;
        if (*ret_next_ms == 0 || due_ms < *ret_next_ms)
            *ret_next_ms = due_ms;
    }
    return false;
}

void duty_look(struct duty *duty)
{
    struct hooks *h = duty->hooks;
    struct hooks_source *source = &h->config.source;
    struct hook_view view = {0};
    struct message m;
    int64_t next_ms = 0, now_ms = hooks_now_ms(h);
    if (duty->state != DUTY_READY || !sink_is_open(duty->sink))
        return;
    if (!source->view(source->ctx, &duty->shop, &duty->broadcast, &view)) {
        h->config.clock->start(h->config.clock, &duty->timer, HOOKS_VIEW_AGAIN_MS);
        return;
    }
    duty_replay(duty, &view);
    if (!duty_due(duty, &view, now_ms, &m, &next_ms)) {
        if (next_ms > 0)
            h->config.clock->start(h->config.clock, &duty->timer, next_ms - now_ms);
    } else if (!duty->sink->is_stream && h->in_flight >= h->config.limits.in_flight_max) {
        list_move(&h->waiting, &duty->sink->waiting);
    } else {
        delivery_start(duty, &m, &view);
    }
    duty_save(duty);
}

void duty_soon(struct duty *duty)
{
    struct clock *clock = duty->hooks->config.clock;
    if (duty->state == DUTY_READY && !duty->hooks->stopped)
        clock->start(clock, &duty->timer, 0);
}

void duty_timer(struct clock_timer *timer) { duty_look(container_of(timer, struct duty, timer)); }

/* Each of its broadcasts in turn: the one that was served last stands last. */
void sink_look(struct sink *sink)
{
    list_for_each (at, &sink->duties) {
        if (!sink_is_open(sink))
            return;
        duty_look(container_of(at, struct duty, link));
    }
}

static void waiting_look(struct hooks *h)
{
    while (!list_is_empty(&h->waiting) && h->in_flight < h->config.limits.in_flight_max) {
        struct sink *sink = container_of(h->waiting.next, struct sink, waiting);
        list_remove(&sink->waiting);
        sink_look(sink);
    }
}

/* ---- sending ---- */

static void delivery_post(struct delivery *d)
{
    struct hooks *h = d->hooks;
    d->post = (struct webhook_post){.url = d->endpoint.url,
                                    .id = d->id,
                                    .secret = d->endpoint.secret,
                                    .old_secret = d->endpoint.old_secret,
                                    .content_type = "application/cloudevents+json; charset=utf-8",
                                    .body = &d->body,
                                    .done = post_done};
    h->in_flight++;
    metric_set(hooks_metrics.in_flight, h->in_flight);
    h->config.webhook->send(h->config.webhook, &d->post);
}

static void delivery_append(struct delivery *d)
{
    struct hooks *h = d->hooks;
    d->append = (struct feed_append){.shop = d->duty->shop,
                                     .broadcast = d->duty->broadcast,
                                     .seq = d->message.seq,
                                     .type = d->type,
                                     .id = d->id,
                                     .data = &d->body,
                                     .done = append_done};
    h->config.feed->append(h->config.feed, &d->append);
}

static void delivery_start(struct duty *duty, const struct message *m, const struct hook_view *view)
{
    struct delivery *d = calloc(1, sizeof *d);
    MUST(d != NULL);
    *d = (struct delivery){.hooks = duty->hooks, .sink = duty->sink, .duty = duty, .endpoint = duty->sink->endpoint};
    d->message = *m;
    d->message.change = NULL;
    message_id(d->id, duty, m);
    snprintf(d->type, sizeof d->type, MESSAGE_TYPE_PREFIX "%s", hook_type_name(m->type));
    if (duty->sink->is_stream)
        message_data(&d->body, duty, m, view);
    else
        message_envelope(&d->body, duty, m, view, d->id);
    list_push_back(&d->hooks->deliveries, &d->link);
    duty->sink->busy = d;
    list_move(&duty->sink->duties, &duty->link);
    if (duty->sink->is_stream)
        delivery_append(d);
    else
        delivery_post(d);
}

/* ---- the end of one ---- */

static void sink_gone(struct sink *sink)
{
    log_warn("hook.gone", "shop=%s endpoint=%s status=410", sink->shop.text, sink->endpoint.id);
    sink->endpoint.disabled = true;
    hooks_keep_as_is(sink->hooks, &sink->shop);
}

static void letter_send(const struct delivery *d)
{
    struct hook_dead letter = {.type = d->message.type,
                               .broadcast = d->duty->broadcast,
                               .seq = d->message.seq,
                               .attempts = HOOKS_TRIES_MAX,
                               .status = d->post.result == RESULT_OK ? d->post.status : 0,
                               .ms = hooks_now_ms(d->hooks)};
    memcpy(letter.message, d->id, sizeof d->id);
    metric_add(hooks_metrics.given_up, 1);
    log_warn("hook.given_up", "shop=%s broadcast=%s endpoint=%s message=%s type=%s status=%d", d->duty->shop.text,
             d->duty->broadcast.text, d->endpoint.id, d->id, d->type, (int)letter.status);
    letter_add(d->duty, &letter);
}

static void post_failed(struct delivery *d, int64_t now_ms)
{
    struct duty *duty = d->duty;
    double jitter = 1 + HOOKS_JITTER * (2 * rng_unit(&d->hooks->rng) - 1);
    metric_add(hooks_metrics.failed, 1);
    bool given_up = lane_failed(duty, &d->message, now_ms, d->post.retry_after_ms, jitter);
    log_info("hook.failed", "shop=%s broadcast=%s endpoint=%s message=%s type=%s status=%d tries=%u why=%s",
             duty->shop.text, duty->broadcast.text, d->endpoint.id, d->id, d->type, d->post.status,
             given_up ? HOOKS_TRIES_MAX : duty->lanes[d->message.lane].tries, log_quote(d->post.why));
    if (given_up)
        letter_send(d);
}

static void delivery_taken(struct delivery *d, int64_t now_ms)
{
    struct duty *duty = d->duty;
    bool paced = d->message.lane == LANE_VOLUMES && !duty->sink->is_stream;
    metric_add(duty->sink->is_stream ? hooks_metrics.streamed : hooks_metrics.delivered, 1);
    metric_observe(hooks_metrics.delay, (double)(now_ms - d->message.ms) / 1000);
    if (d->message.lane == LANE_REPLAY)
        letter_remove(duty, d->id);
    lane_delivered(duty, &d->message, paced ? now_ms + d->hooks->config.limits.volumes_ms : 0);
}

static void post_done(struct webhook_post *post)
{
    struct delivery *d = container_of(post, struct delivery, post);
    bool taken = post->result == RESULT_OK && post->status >= 200 && post->status <= 299;
    d->hooks->in_flight--;
    metric_set(hooks_metrics.in_flight, d->hooks->in_flight);
    if (d->sink != NULL && post->result == RESULT_OK && post->status == 410)
        sink_gone(d->sink);
    else if (d->duty != NULL && !taken && !d->hooks->stopped) /* cut off by our own end: no fault of theirs */
        post_failed(d, hooks_now_ms(d->hooks));
    delivery_ended(d, taken);
}

/* The stream is the shop's own Redis: what it does not take now it takes when it is back. Too long: nobody ever takes it. */
static void append_done(struct feed_append *append)
{
    struct delivery *d = container_of(append, struct delivery, append);
    bool taken = append->result == RESULT_OK;
    if (append->result == RESULT_MALFORMED) {
        log_error("hook.stream", "shop=%s broadcast=%s type=%s bytes=%zu result=malformed", append->shop.text,
                  append->broadcast.text, d->type, d->body.len);
        taken = true;
    }
    if (d->duty != NULL && !taken)
        d->duty->lanes[d->message.lane].next_ms = hooks_now_ms(d->hooks) + HOOKS_AGAIN_MS;
    delivery_ended(d, taken);
}

static void delivery_ended(struct delivery *d, bool taken)
{
    struct hooks *h = d->hooks;
    struct sink *sink = d->sink;
    struct duty *duty = d->duty;
    if (duty != NULL && taken)
        delivery_taken(d, hooks_now_ms(h));
    if (duty != NULL)
        duty_save(duty);
    delivery_free(d);
    if (sink != NULL)
        sink->busy = NULL;
    if (h->stopped)
        return;
    waiting_look(h); /* they first: an endpoint with much to hear does not keep its place among those under way */
    if (sink != NULL)
        sink_look(sink);
}

void delivery_free(struct delivery *d)
{
    list_remove(&d->link);
    explicit_bzero(&d->endpoint, sizeof d->endpoint);
    bytes_finish(&d->body);
    free(d);
}
