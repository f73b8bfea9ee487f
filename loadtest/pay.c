/* loadtest/pay.c - orders paid for, as the shop's own system says them: POST /v1/holds/{id}/confirm. The hold's id is the
 * order's too, so that saying it again changes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "loadtest/buyer.h"

struct payment {
    struct load_http http;
    struct list link; /* in crowd->payments */
    struct buyer *buyer;
    char hold[24], path[64], body[128];
};

static void pay_done(struct load_http *http, int status, const char *body, size_t len)
{
    struct payment *p = http->ctx;
    (void)len;
    if (status / 100 == 5 || status == 0)
        crowd_trouble(p->buyer->crowd, "an order could not be confirmed at once", status == 0 ? body : "5xx");
    list_remove(&p->link);
    claim_paid(p->buyer, p->hold, status);
    free(p);
}

bool pay_start(struct claim *claim)
{
    struct crowd *c = claim->buyer->crowd;
    struct payment *p = calloc(1, sizeof *p);
    if (p == NULL)
        return false;
    p->buyer = claim->buyer;
    snprintf(p->hold, sizeof p->hold, "%s", claim->hold);
    snprintf(p->path, sizeof p->path, "/v1/holds/%s/confirm", claim->hold);
    snprintf(p->body, sizeof p->body, "{\"order\":\"load-%s\",\"amount\":%lld,\"currency\":\"%s\"}", claim->hold,
             (long long)claim->amount, claim->currency);
    p->http = (struct load_http){.method = "POST",
                                 .path = p->path,
                                 .token = c->config.integrator_token,
                                 .body = p->body,
                                 .body_len = strlen(p->body),
                                 .done = pay_done,
                                 .ctx = p};
    list_push_back(&c->payments, &p->link);
    load_http_start(&c->set, &p->http);
    return true;
}

void pay_finish(struct crowd *c)
{
    list_for_each (at, &c->payments)
        load_close(&container_of(at, struct payment, link)->http.conn, 0); /* pay_done in the next turn */
}
