#include <stdlib.h>

#include "base/log.h"
#include "inventory/redis/metrics.h"
#include "inventory/redis/node.h"

static void call_answer(struct node_call *c, enum result result)
{
    void *owner = c->owner;
    list_remove(&c->waiter.link);
    c->owner = NULL;
    if (owner != NULL)
        c->done(owner, result);
}

static void call_free(struct node_call *c)
{
    list_remove(&c->link);
    free(c);
}

/* No link, or no answer in time. What was sent stays until its reply came, without an owner. */
static void call_overdue(struct waiter *w)
{
    struct node_call *c = container_of(w, struct node_call, waiter);
    bool is_sent = c->is_sent;
    if (is_sent)
        metric_add(&redis_metrics.timeouts, 1);
    call_answer(c, is_sent ? RESULT_NO_ANSWER : RESULT_UNAVAILABLE);
    if (!is_sent)
        call_free(c);
}

static void call_waited(void *arg, redisReply *reply)
{
    struct node_call *c = arg;
    call_answer(c, node_replicas_have_it(c->node, reply) ? c->result : RESULT_NO_ANSWER);
    call_free(c);
}

static void call_replied(void *arg, redisReply *reply)
{
    struct node_call *c = arg;
    bool waits = c->is_write && node_waits_for_replicas(c->node);
    c->result = RESULT_NO_ANSWER;
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        /* Refused before anything was done; a connection that refuses has to prove itself again. */
        log_warn("redis.refused", "error=%s", log_quote(reply->str));
        c->result = RESULT_UNAVAILABLE;
        link_drop(&c->node->command, reply->str);
    } else if (reply != NULL && c->owner != NULL) {
        c->result = c->parse(c->owner, reply);
    }
    if (waits)
        return; /* call_waited comes behind, also when the link is lost */
    call_answer(c, c->result);
    call_free(c);
}

void call_start(struct redis_node *n, const struct bytes *command, void *owner, bool is_write,
                enum result (*parse)(void *owner, const redisReply *reply),
                void (*done)(void *owner, enum result result))
{
    struct node_call *c = calloc(1, sizeof *c);
    MUST(c != NULL); /* nowhere to say so later, and `done` may not run now */
    *c = (struct node_call){.node = n, .owner = owner, .is_write = is_write, .parse = parse, .done = done};
    c->waiter.fire = call_overdue;
    list_push_back(&n->calls, &c->link);
    c->is_sent = n->command.state == LINK_UP && link_send(&n->command, command, call_replied, c);
    if (c->is_sent && is_write && node_waits_for_replicas(n))
        MUST(node_send_wait(n, call_waited, c)); /* a link that took a command takes the next */
    if (c->is_sent)
        node_expect(n, &c->waiter);
    else
        node_post(n, &c->waiter);
    node_wake(n);
}

void calls_close(struct redis_node *n)
{
    list_for_each (at, &n->calls) {
        struct node_call *c = container_of(at, struct node_call, link);
        bool is_sent = c->is_sent;
        call_answer(c, is_sent ? RESULT_NO_ANSWER : RESULT_UNAVAILABLE);
        if (!is_sent)
            call_free(c);
    }
}
