#include "ws/wire/volumes_place.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/broadcast/journal.h"

#define NUMBERS 4

void volumes_place_write(struct bytes *out, const struct volumes_view *v)
{
    struct volumes_mark mark = volumes_mark(v);
    bytes_format(out, "%" PRIu64 ".%" PRIu64 ".%" PRId64 ".%" PRId64 ".%s.%s", mark.estimate_seq, mark.change_seq,
                 mark.fan_ms, mark.series_ms, v->ledger_id, v->broadcast->epoch.text);
}

/* A whole number and the point behind it. */
static bool number_read(const char **at, uint64_t *ret)
{
    size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > 18 || (*at)[digits] != '.')
        return false;
    *ret = strtoull(*at, NULL, 10);
    *at += digits + 1;
    return true;
}

/* Up to the point; the epoch, behind it, may hold others. */
static bool ledger_read(const char **at, char ret[LEDGER_ID_LEN_MAX + 1])
{
    size_t len = strcspn(*at, ".");
    if ((*at)[len] != '.' || len > LEDGER_ID_LEN_MAX || strspn(*at, "0123456789-") < len)
        return false;
    memcpy(ret, *at, len);
    ret[len] = '\0';
    *at += len + 1;
    return true;
}

/* Is anything of what was told before still known? Else lists may have begun anew, or have lost what lies between. */
static bool is_continued(const struct volumes_view *v, const struct volumes_mark *told)
{
    struct volumes_view after = *v;
    volumes_since(&after, told);
    return (told->series_ms == 0 || after.series_new < v->series_count) &&
           (told->fan_ms == 0 || after.fan_new < v->fan_count) &&
           (told->change_seq == 0 || after.changes_new < v->changes_count);
}

enum result volumes_place_read(const char *text, const struct volumes_view *v, struct volumes_mark *ret)
{
    uint64_t numbers[NUMBERS];
    char ledger_id[LEDGER_ID_LEN_MAX + 1];
    struct volumes_mark now = volumes_mark(v);
    for (size_t i = 0; i < NUMBERS; i++)
        if (!number_read(&text, &numbers[i]))
            return RESULT_NOT_FOUND;
    if (!ledger_read(&text, ledger_id) || strcmp(text, v->broadcast->epoch.text) != 0)
        return RESULT_NOT_FOUND;
    struct volumes_mark told = {.estimate_seq = numbers[0],
                                .change_seq = numbers[1],
                                .fan_ms = (int64_t)numbers[2],
                                .series_ms = (int64_t)numbers[3]};
    bool is_ahead = told.estimate_seq > now.estimate_seq || told.change_seq > now.change_seq ||
                    told.fan_ms > now.fan_ms || told.series_ms > now.series_ms ||
                    ledger_id_order(ledger_id, v->ledger_id) > 0;
    if (is_ahead || !is_continued(v, &told))
        return RESULT_NOT_FOUND;
    *ret = told;
    return RESULT_OK;
}
