#include "app/ledger_needed.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "core/broadcast/journal.h"
#include "ws/wire/journal_codec.h"

#define UNSETTLED_MAX 100000
#define LIVE_BEFORE_MS 60000 /* a broadcast is live before it is written down as such */

struct needed {
    const struct shop_id *shop;
    struct map live_ms; /* of each that is not settled: int64_t, owned */
};

static enum result note_opened(struct needed *n, const struct journal *j)
{
    const char *broadcast = j->u.show.broadcast.text;
    if (map_get(&n->live_ms, broadcast) != NULL)
        return RESULT_OK;
    int64_t *live_ms = malloc(sizeof *live_ms);
    if (live_ms == NULL)
        return RESULT_NO_MEMORY;
    *live_ms = j->ms - LIVE_BEFORE_MS;
    enum result result = map_set(&n->live_ms, broadcast, live_ms);
    if (result != RESULT_OK)
        free(live_ms);
    return result;
}

static enum result note(void *ctx, uint64_t seq, const char *data, size_t len)
{
    struct needed *n = ctx;
    struct journal j = {0};
    enum result result = journal_decode(data, len, &j);
    (void)seq;
    if (result == RESULT_OK && (j.kind == JOURNAL_OPENED || j.kind == JOURNAL_CLOSED) &&
        ID_EQUAL(j.u.show.shop, *n->shop)) {
        if (j.kind == JOURNAL_OPENED)
            result = note_opened(n, &j);
        else
            free(map_remove(&n->live_ms, j.u.show.broadcast.text));
    }
    journal_finish(&j);
    return result == RESULT_MALFORMED ? RESULT_OK : result; /* a newer version's word, as the nodes take it */
}

static enum result oldest_find(struct needed *n, int64_t before_ms, struct broadcast_id *ret)
{
    size_t at = 0;
    const char *broadcast;
    void *value;
    enum result result = RESULT_OK;
    *ret = (struct broadcast_id){0};
    while (map_next(&n->live_ms, &at, &broadcast, &value)) {
        if (*(int64_t *)value < before_ms && ID_IS_NONE(*ret))
            result = ID_PARSE(ret, broadcast, strlen(broadcast));
        free(value);
    }
    map_finish(&n->live_ms);
    return result;
}

enum result ledger_needed(struct archive *archive, int64_t before_ms, struct broadcast_id *ret)
{
    const struct shop_id shop = archive->shop;
    struct needed n = {.shop = &shop};
    map_init(&n.live_ms, UNSETTLED_MAX);
    archive->shop = (struct shop_id){JOURNAL_ALL_SHOPS};
    enum result result = archive_log_each(archive, LOG_ESTIMATES, &(struct broadcast_id){""}, note, &n);
    archive->shop = shop;
    enum result found = oldest_find(&n, before_ms, ret);
    return result == RESULT_OK ? found : result;
}
