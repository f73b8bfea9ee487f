#include "core/broadcast/outcome.h"

/* clang-format off */
static const struct {
    const char *name, *title;
    int http;
} errors[ERROR_CODES] = {
    [ERROR_NONE]             = {"none",             "No error",                              200},
    [ERROR_SOLD_OUT]         = {"sold_out",         "Sold out",                              409},
    [ERROR_HELD_OUT]         = {"held_out",         "All on hold for now",                   409},
    [ERROR_LIMIT_REACHED]    = {"limit_reached",    "No more for you of this one",           409},
    [ERROR_PRICE_CHANGED]    = {"price_changed",    "The price has changed",                 409},
    [ERROR_NOT_LIVE]         = {"not_live",         "The show is not live",                  409},
    [ERROR_PAUSED]           = {"paused",           "The show is paused",                    423},
    [ERROR_RECALLED]         = {"recalled",         "Withdrawn for safety",                  423},
    [ERROR_STOPPED]          = {"stopped",          "Not on sale at the moment",             423},
    [ERROR_SKU_UNKNOWN]      = {"sku_unknown",      "This product is not in the show",       404},
    [ERROR_HOLD_UNKNOWN]     = {"hold_unknown",     "No such reservation",                   404},
    [ERROR_HOLD_EXPIRED]     = {"hold_expired",     "The reservation has run out",           410},
    [ERROR_HOLD_CONFIRMED]   = {"hold_confirmed",   "Already bought",                        409},
    [ERROR_HOLD_RELEASED]    = {"hold_released",    "The reservation was given back",        409},
    [ERROR_CONFLICT]         = {"conflict",         "Something changed first",               409},
    [ERROR_PREFLIGHT_FAILED] = {"preflight_failed", "Not ready to start",                    409},
    [ERROR_RATE_LIMITED]     = {"rate_limited",     "Too fast, try again in a moment",       429},
    [ERROR_OVERLOADED]       = {"overloaded",       "Very busy, try again in a moment",      503},
    [ERROR_UNAUTHENTICATED]  = {"unauthenticated",  "Not signed in",                         401},
    [ERROR_TOKEN_EXPIRED]    = {"token_expired",    "The sign-in has run out",               401},
    [ERROR_FORBIDDEN]        = {"forbidden",        "Not allowed",                           403},
    [ERROR_BAD_REQUEST]      = {"bad_request",      "The request is not valid",              400},
    [ERROR_TOO_LARGE]        = {"too_large",        "The request is too large",              413},
    [ERROR_UNAVAILABLE]      = {"unavailable",      "No answer just now, ask again",         503},
    [ERROR_MISMATCH]         = {"mismatch",         "Does not match the first request",      409},
    [ERROR_APPROVAL_NEEDED]  = {"approval_needed",  "A second person must agree",            409},
    [ERROR_NOT_FOUND]        = {"not_found",        "Not found",                             404},
};
/* clang-format on */

const char *error_code_name(enum error_code code)
{
    return (size_t)code < ARRAY_LEN(errors) ? errors[code].name : "unknown";
}

const char *error_code_title(enum error_code code)
{
    return (size_t)code < ARRAY_LEN(errors) ? errors[code].title : "Unknown error";
}

int error_code_http(enum error_code code) { return (size_t)code < ARRAY_LEN(errors) ? errors[code].http : 500; }

bool outcome_moves_hold(const struct outcome *o)
{
    return o->kind == OUTCOME_HOLD &&
           (o->command == COMMAND_RESERVE || o->command == COMMAND_EXTEND || o->command == COMMAND_RELEASE);
}
