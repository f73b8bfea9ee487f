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

void command_finish(struct command *c)
{
    if (c == NULL)
        return;
    free(c->document);
    free(c->products);
    free(c->hello.token);
    *c = (struct command){0};
}
