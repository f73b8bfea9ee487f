#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "logistics/hooks/inner.h"

/* FNV-1a (Fowler, Noll, Vo), from two beginnings, each finished as splitmix64 does: 128 bits that are the same on every node, for
 * telling repeats from news. Nobody who chooses ids gains anything by making two meet. */
struct digest128 {
    uint64_t high, low;
};

static void digest_add(struct digest128 *d, const char *text)
{
    do {
        d->high = (d->high ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
        d->low = (d->low ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    } while (*text++ != '\0'); /* the NUL too, so that "a" "bc" is not "ab" "c" */
}

static uint64_t digest_finish(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

void message_id(char ret[HOOK_MESSAGE_LEN + 1], const struct duty *duty, const struct message *m)
{
    struct digest128 d = {UINT64_C(0xcbf29ce484222325), UINT64_C(0x9e3779b97f4a7c15)};
    char number[48];
    snprintf(number, sizeof number, "%" PRIu64 " %" PRId64, m->identity, m->ms);
    digest_add(&d, duty->shop.text);
    digest_add(&d, duty->sink->endpoint.id);
    digest_add(&d, duty->broadcast.text);
    digest_add(&d, hook_type_name(m->type));
    digest_add(&d, number);
    snprintf(ret, HOOK_MESSAGE_LEN + 1, "msg_%016" PRIx64 "%016" PRIx64, digest_finish(d.high), digest_finish(d.low));
}

static void change_data(struct bytes *out, const struct duty *duty, const struct message *m,
                        const struct hook_view *view)
{
    struct bytes change = {0};
    duty->hooks->config.change_write(&change, m->change, view->catalogue);
    MUST(!change.failed && change.len > 2 && change.data[0] == '{');
    bytes_format(out, "{\"broadcast\":\"%s\",", duty->broadcast.text);
    bytes_append(out, change.data + 1, change.len - 1);
    bytes_finish(&change);
}

void message_data(struct bytes *out, const struct duty *duty, const struct message *m, const struct hook_view *view)
{
    if (m->type == HOOK_PROMISE_CHANGED)
        change_data(out, duty, m, view);
    else
        bytes_append(out, view->estimate, view->estimate_len);
}

static void time_text(char *ret, size_t size, int64_t ms)
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    char day[32];
    gmtime_r(&s, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(ret, size, "%s.%03dZ", day, (int)(ms % 1000));
}

/* Ids are made of characters that JSON and URLs take as they are. */
void message_envelope(struct bytes *out, const struct duty *duty, const struct message *m, const struct hook_view *view,
                      const char *id)
{
    char time[64];
    bool has_sku = m->type == HOOK_PROMISE_CHANGED && !ID_IS_NONE(m->change->sku);
    time_text(time, sizeof time, m->ms);
    bytes_format(
        out,
        "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/shops/%s/broadcasts/%s\",\"type\":\"" MESSAGE_TYPE_PREFIX
        "%s\",\"subject\":\"%s\",\"time\":\"%s\",\"datacontenttype\":\"application/json\",\"data\":",
        id, duty->shop.text, duty->broadcast.text, hook_type_name(m->type),
        has_sku ? m->change->sku.text : duty->broadcast.text, time);
    message_data(out, duty, m, view);
    bytes_text(out, "}");
}
