#include "ws/lws/door.h"

#define RETRY_FULL_MS 5000 /* who is over a limit waits for somebody to leave */
#define RETRY_ELSEWHERE_MS 1000

static const struct {
    enum error_code code;
    int64_t usual_ms;
    const char *detail;
} words[REFUSALS] = {
    [REFUSED_DRAINING] = {ERROR_OVERLOADED, RETRY_ELSEWHERE_MS, "This node is stopping; another one takes over."},
    [REFUSED_CONNS] = {ERROR_OVERLOADED, RETRY_FULL_MS, "This node has as many viewers as it may have (conns-max)."},
    [REFUSED_ADDRESS] = {ERROR_RATE_LIMITED, RETRY_FULL_MS,
                         "Too many connections come from this address (conns-per-address-max)."},
    [REFUSED_PORTION] = {ERROR_RATE_LIMITED, RETRY_FULL_MS,
                         "Very many are coming in, and this address has had its share of the places."},
    [REFUSED_ADOPT] = {ERROR_OVERLOADED, RETRY_FULL_MS, ""},
};

static bool address_may(const struct door *d, const struct caller *c, bool has_ticket, int64_t now_ms,
                        enum refusal *ret_why)
{
    *ret_why = REFUSED_ADDRESS;
    if (guard_is_full(d->guard, &c->peer, c->forwarded_for))
        return false;
    *ret_why = REFUSED_PORTION;
    return has_ticket || !admission_is_near_limit(d->admission, now_ms) ||
           guard_has_portion(d->guard, &c->peer, c->forwarded_for, d->admission->per_second, now_ms);
}

static void take_portion(const struct door *d, const struct caller *c, int64_t now_ms)
{
    guard_take_portion(d->guard, &c->peer, c->forwarded_for, d->admission->per_second, now_ms);
}

bool door_is_open(const struct door *d, const struct caller *c, int64_t now_ms, enum refusal *ret_why)
{
    if (!address_may(d, c, false, now_ms, ret_why))
        return false;
    *ret_why = REFUSED_ADMISSION;
    return admission_is_open(d->admission, now_ms);
}

bool door_pass(const struct door *d, const struct caller *c, bool has_ticket, int64_t now_ms, enum refusal *ret_why)
{
    if (!address_may(d, c, has_ticket, now_ms, ret_why))
        return false;
    *ret_why = REFUSED_ADMISSION;
    if (has_ticket)
        admission_take_ticket(d->admission, now_ms);
    else if (!admission_take(d->admission, now_ms))
        return false;
    else
        take_portion(d, c, now_ms);
    return true;
}

struct refusal_said door_refusal(const struct door *d, const struct caller *c, enum refusal why, bool unread,
                                 int64_t now_ms)
{
    struct refusal_said said = {.code = ERROR_OVERLOADED, .detail = REFUSAL_MANY, .origin = ""};
    if (why != REFUSED_ADMISSION) {
        MUST(words[why].detail != NULL);
        said.code = words[why].code;
        said.detail = words[why].detail;
        said.retry_after_ms = admission_scatter(d->admission, words[why].usual_ms);
    } else if (unread) {
        said.retry_after_ms = admission_place_unread(d->admission, now_ms);
    } else {
        said.retry_after_ms = admission_place(d->admission, now_ms);
        take_portion(d, c, now_ms);
    }
    return said;
}
