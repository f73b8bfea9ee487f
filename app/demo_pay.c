/* app/demo_pay.c
 *
 *   pay_asked     the terms are read and their signature checked
 *     pay_open    the shop is folded on this node
 *     pay_opened  the hold is confirmed for the sum that was signed; the core's answer is the request's */
#include "app/demo_pay.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/pool.h"

struct payment {
    struct orchestrator_open open;
    struct demo_pay *pay;
    uint64_t request;
    struct checkout_terms terms;
};

struct demo_pay {
    struct server *server;
    struct auth *auth;
    struct orchestrator *orchestrator;
    struct pool payments;
};

static void pay_refuse(const struct demo_pay *p, uint64_t request, int status, const char *detail)
{
    char body[256];
    int len = snprintf(body, sizeof body, "{\"title\":\"Not paid\",\"status\":%d,\"detail\":\"%s\"}", status, detail);
    server_answer(p->server, request, status, "application/problem+json", body, (size_t)len);
}

/* The page sends the link's own members back; put together again they must be what we signed. */
static enum result terms_read(const struct demo_pay *p, const struct server_request *r, struct checkout_terms *ret)
{
    const char *shop, *hold, *currency, *signature;
    json_int_t amount, expires_ms;
    char query[1024];
    json_t *body = json_loadb(r->body, r->body_len, JSON_REJECT_DUPLICATES, NULL);
    enum result result = RESULT_MALFORMED;
    if (json_unpack(body, "{s:s,s:s,s:I,s:s,s:I,s:s}", "shop", &shop, "hold", &hold, "amount", &amount, "currency",
                    &currency, "expires_ms", &expires_ms, "sig", &signature) == 0) {
        int len = snprintf(query, sizeof query, "shop=%s&hold=%s&amount=%lld&currency=%s&expires_ms=%lld&sig=%s", shop,
                           hold, (long long)amount, currency, (long long)expires_ms, signature);
        if (len > 0 && (size_t)len < sizeof query)
            result = auth_checkout_verify(p->auth, query, ret);
    }
    json_decref(body);
    return result;
}

static void pay_confirm(const struct payment *pay)
{
    struct asker asker = {
        .conn = pay->request, .role = ROLE_INTEGRATOR, .shop = pay->terms.shop, .sub = "demo-checkout"};
    struct command command = {.kind = COMMAND_HOLD_CONFIRM, .hold = pay->terms.hold, .money = pay->terms.amount};
    snprintf(command.ref, sizeof command.ref, "demo-%s", pay->terms.hold.text);
    orchestrator_command(pay->pay->orchestrator, &asker, &command);
    command_finish(&command);
}

static void pay_opened(struct orchestrator_open *open)
{
    struct payment *pay = container_of(open, struct payment, open);
    if (open->result == RESULT_OK)
        pay_confirm(pay);
    else
        pay_refuse(pay->pay, pay->request, 503,
                   "The shop cannot be reached right now. Nothing was charged; try again.");
    pool_give(&pay->pay->payments, pay);
}

static void pay_asked(void *ctx, uint64_t id, const struct server_request *request)
{
    struct demo_pay *p = ctx;
    struct checkout_terms terms;
    if (terms_read(p, request, &terms) != RESULT_OK) {
        pay_refuse(p, id, 400, "This is not a checkout link of ours, or it was changed.");
        return;
    }
    struct payment *pay = pool_take(&p->payments);
    if (pay == NULL) {
        pay_refuse(p, id, 503, "Too many payments at once. Nothing was charged; try again.");
        return;
    }
    *pay = (struct payment){.open = {.shop = terms.shop, .done = pay_opened}, .pay = p, .request = id, .terms = terms};
    orchestrator_open(p->orchestrator, &pay->open);
}

struct demo_pay *demo_pay_create(struct server *server, struct auth *auth, struct orchestrator *o)
{
    struct demo_pay *p = calloc(1, sizeof *p);
    MUST(p != NULL);
    *p = (struct demo_pay){.server = server, .auth = auth, .orchestrator = o};
    MUST(pool_init(&p->payments, sizeof(struct payment), DEMO_PAYS_MAX) == RESULT_OK);
    server_add_route(server, "POST", "/demo/pay", pay_asked, p);
    return p;
}

void demo_pay_destroy(struct demo_pay *p)
{
    if (p == NULL)
        return;
    pool_finish(&p->payments);
    free(p);
}
