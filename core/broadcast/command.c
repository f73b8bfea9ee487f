#include "core/broadcast/command.h"

#include <stdlib.h>

const char *role_name(enum role role)
{
    static const char *const names[] = {
        [ROLE_NONE] = "none",           [ROLE_VIEWER] = "viewer",         [ROLE_HOST] = "host",
        [ROLE_LOGISTICS] = "logistics", [ROLE_INTEGRATOR] = "integrator",
    };
    return (size_t)role < ARRAY_LEN(names) ? names[role] : "unknown";
}

/* clang-format off */
enum {
    V = BIT(ROLE_VIEWER), H = BIT(ROLE_HOST), L = BIT(ROLE_LOGISTICS), I = BIT(ROLE_INTEGRATOR),
    ANYONE = BIT(ROLE_NONE) | V | H | L | I,
};
static const struct {
    const char *name;
    unsigned roles;
} commands[COMMAND_KINDS] = {
    [COMMAND_HELLO]            = {"hello",            ANYONE}, /* how a conn comes by its role */
    [COMMAND_PING]             = {"ping",             V | H | L | I},
    [COMMAND_CLOCK]            = {"clock",            V | H | L | I},
    [COMMAND_RESERVE]          = {"reserve",          V | H},
    [COMMAND_EXTEND]           = {"extend",           V | H},
    [COMMAND_RELEASE]          = {"release",          V | H},
    [COMMAND_CHECKOUT]         = {"checkout",         V | H},
    [COMMAND_WAITLIST_JOIN]    = {"waitlist.join",    V | H},
    [COMMAND_WAITLIST_LEAVE]   = {"waitlist.leave",   V | H},
    [COMMAND_PIN_SET]          = {"pin.set",          H},
    [COMMAND_PIN_CLEAR]        = {"pin.clear",        H},
    [COMMAND_CUE_NEXT]         = {"cue.next",         H},
    [COMMAND_CUE_GO]           = {"cue.go",           H},
    [COMMAND_CUE_DONE]         = {"cue.done",         H},
    [COMMAND_PRICE_SET]        = {"price.set",        H},
    [COMMAND_NOTICE]           = {"notice",           H},
    [COMMAND_OFFER_START]      = {"offer.start",      H},
    [COMMAND_OFFER_STOP]       = {"offer.stop",       H},
    [COMMAND_STOCK_STOP]       = {"stock.stop",       H},
    [COMMAND_STOCK_OPEN]       = {"stock.open",       H},
    [COMMAND_RECALL]           = {"recall",           H | I},
    [COMMAND_START]            = {"start",            H | I},
    [COMMAND_PAUSE]            = {"pause",            H | I},
    [COMMAND_RESUME]           = {"resume",           H | I},
    [COMMAND_END]              = {"end",              H | I},
    [COMMAND_UNDO]             = {"undo",             H},
    [COMMAND_APPROVE]          = {"approve",          H | I},
    [COMMAND_REJECT]           = {"reject",           H | I},
    [COMMAND_RUN_LOAD]         = {"run.load",         H | I},
    [COMMAND_PREFLIGHT]        = {"preflight",        H | I},
    [COMMAND_STOCK_ALLOCATE]   = {"stock.allocate",   H | I},
    [COMMAND_STOCK_WITHDRAW]   = {"stock.withdraw",   H | I},
    [COMMAND_STOCK_SYNC]       = {"stock.sync",       I},     /* the warehouse's word */
    [COMMAND_STOCK_GET]        = {"stock.get",        H | I},
    [COMMAND_CATALOGUE_PUT]    = {"catalogue.put",    I},
    [COMMAND_CATALOGUE_GET]    = {"catalogue.get",    H | I},
    [COMMAND_BROADCAST_CREATE] = {"broadcast.create", I},
    [COMMAND_BROADCAST_LIST]   = {"broadcast.list",   I},     /* a host knows of one broadcast only */
    [COMMAND_BROADCAST_GET]    = {"broadcast.get",    H | I},
    [COMMAND_RUN_GET]          = {"run.get",          H | I},
    [COMMAND_HOLD_GET]         = {"hold.get",         I},     /* a hold answers to its viewer and the shop alone */
    [COMMAND_HOLD_CONFIRM]     = {"hold.confirm",     I},
    [COMMAND_HOLD_RELEASE]     = {"hold.release",     I},
    [COMMAND_HOLD_RESERVE]     = {"hold.reserve",     I},
    [COMMAND_HOLD_EXTEND]      = {"hold.extend",      I},
    [COMMAND_AFFECTED_GET]     = {"affected.get",     H | I},
    [COMMAND_VOLUMES_GET]      = {"volumes.get",      H | L | I},
    [COMMAND_EXTRA_ADD]        = {"extra.add",        H},
    [COMMAND_EXTRA_END]        = {"extra.end",        H},
    [COMMAND_LOGISTICS_PUT]    = {"logistics.put",    I},
    [COMMAND_LOGISTICS_GET]    = {"logistics.get",    H | L | I},
    [COMMAND_ACTUALS_POST]     = {"actuals.post",     L | I},
    [COMMAND_SETTLE]           = {"settle",           L | I},
    [COMMAND_ESTIMATE_STAMP]   = {"estimate.stamp",   H | L | I},
    [COMMAND_STAMPS_GET]       = {"stamps.get",       H | L | I},
    [COMMAND_STAMP_GET]        = {"stamp.get",        H | L | I},
    [COMMAND_CHANGES_GET]      = {"changes.get",      H | L | I},
    [COMMAND_HOOKS_PUT]        = {"hooks.put",        I},     /* they carry secrets */
    [COMMAND_HOOKS_GET]        = {"hooks.get",        I},
    [COMMAND_HOOK_DEAD_GET]    = {"hook.dead.get",    I},
    [COMMAND_HOOK_REPLAY]      = {"hook.replay",      I},
};
/* clang-format on */

const char *command_kind_name(enum command_kind kind)
{
    return (size_t)kind < ARRAY_LEN(commands) ? commands[kind].name : "unknown";
}

bool command_is_allowed(enum command_kind kind, enum role role)
{
    return (size_t)kind < ARRAY_LEN(commands) && role <= ROLE_INTEGRATOR && (commands[kind].roles & BIT(role)) != 0;
}

bool command_is_logistics(enum command_kind kind)
{
    return kind >= COMMAND_LOGISTICS_PUT && kind <= COMMAND_HOOK_REPLAY;
}

bool command_is_hooks(enum command_kind kind) { return kind >= COMMAND_HOOKS_PUT && kind <= COMMAND_HOOK_REPLAY; }

/* Secrets do not lie about in memory that was given back. */
static void hooks_free(struct hook_endpoint *hooks, size_t count)
{
    for (size_t i = 0; hooks != NULL && i < count; i++) {
        volatile char *secret = hooks[i].secret, *old_secret = hooks[i].old_secret;
        for (size_t at = 0; at < sizeof hooks[i].secret; at++)
            secret[at] = old_secret[at] = '\0';
    }
    free(hooks);
}

struct command command_move(struct command *from)
{
    struct command taken = *from;
    from->document = NULL;
    from->products = NULL;
    from->plan = NULL;
    from->actuals = NULL;
    from->hooks = NULL;
    from->hooks_count = 0;
    taken.hello.token = NULL;
    return taken;
}

void command_finish(struct command *c)
{
    if (c == NULL)
        return;
    free(c->document);
    free(c->products);
    if (c->plan != NULL)
        logistics_plan_finish(c->plan);
    free(c->plan);
    free(c->actuals);
    hooks_free(c->hooks, c->hooks_count);
    free(c->hello.token);
    *c = (struct command){0};
}
