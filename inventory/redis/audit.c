#include "inventory/redis/audit.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "inventory/redis/audit_fold.h"
#include "inventory/redis/audit_kept.h"
#include "inventory/redis/node.h"

#define AUDIT_PAGE 256
#define AUDIT_WAIT_S 30
#define KEPT_PARTS 6

struct audit {
    redisContext *redis;
    struct audit_result *result;
    struct audit_fold fold;
    struct entry_room room;
    struct audit_kept kept;
    char keys[STOCK_KEYS][KEY_MAX];
    char last_id[LEDGER_ID_LEN_MAX + 1];
    const char **ret_why;
};
static char why_text[200];

static enum result fail(struct audit *a, enum result result, const char *why)
{
    if (a->ret_why != NULL) {
        snprintf(why_text, sizeof why_text, "%s", why);
        *a->ret_why = why_text;
    }
    return result;
}

/* ---- asking ---- */

static enum result audit_ask(struct audit *a, redisReply **ret, int argc, const char **argv)
{
    redisReply *reply = redisCommandArgv(a->redis, argc, argv, NULL);
    if (reply == NULL)
        return fail(a, RESULT_UNAVAILABLE, a->redis->errstr);
    if (reply->type == REDIS_REPLY_ERROR) {
        enum result result = fail(a, RESULT_UNAVAILABLE, reply->str);
        freeReplyObject(reply);
        return result;
    }
    *ret = reply;
    return RESULT_OK;
}

static enum result ask_and_forget(struct audit *a, int argc, const char **argv)
{
    redisReply *reply = NULL;
    enum result result = audit_ask(a, &reply, argc, argv);
    if (result == RESULT_OK)
        freeReplyObject(reply);
    return result;
}

static enum result audit_connect(struct audit *a, const char *url_text)
{
    struct redis_url url;
    const char *why = NULL;
    if (redis_url_parse(url_text, &url, &why) != RESULT_OK)
        return fail(a, RESULT_MALFORMED, why);
    struct timeval patience = {.tv_sec = AUDIT_WAIT_S};
    a->redis = url.path[0] != '\0' ? redisConnectUnixWithTimeout(url.path, patience)
                                   : redisConnectWithTimeout(url.host, atoi(url.port), patience);
    if (a->redis == NULL)
        return fail(a, RESULT_NO_MEMORY, "no memory");
    if (a->redis->err != 0)
        return fail(a, RESULT_UNAVAILABLE, a->redis->errstr);
    redisSetTimeout(a->redis, patience);
    enum result result = RESULT_OK;
    const char *auth[] = {"AUTH", url.user[0] == '\0' ? "default" : url.user, url.password};
    if (url.password[0] != '\0')
        result = ask_and_forget(a, 3, auth);
    char db[16];
    snprintf(db, sizeof db, "%u", url.db);
    const char *select[] = {"SELECT", db};
    if (result == RESULT_OK && url.db != 0)
        result = ask_and_forget(a, 2, select);
    return result;
}

/* ---- the ledger ---- */

static enum result fold_reply(struct audit *a, const redisReply *entry)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 || entry->element[0]->type != REDIS_REPLY_STRING ||
        (size_t)entry->element[0]->len > LEDGER_ID_LEN_MAX) {
        audit_differ(a->result, "ledger: an entry that is none");
        return RESULT_OK;
    }
    const redisReply *id = entry->element[0], *fields = entry->element[1];
    struct entry_text text = {
        {id->str, (size_t)id->len}, reply_field(fields, "t"), reply_field(fields, "k"), reply_field(fields, "m"),
        reply_field(fields, "c")};
    struct ledger_entry parsed;
    size_t skipped = 0;
    enum result result = entry_parse(&text, &a->room, &parsed, &skipped);
    snprintf(a->last_id, sizeof a->last_id, "%s", id->str);
    if (result == RESULT_NO_MEMORY)
        return result;
    if (result != RESULT_OK || skipped > 0)
        audit_differ(a->result, "%s: cannot be read", id->str);
    return result == RESULT_OK ? audit_fold_entry(&a->fold, &parsed) : RESULT_OK;
}

static enum result fold_all(struct audit *a, const redisReply *entries)
{
    enum result result = RESULT_OK;
    for (size_t i = 0; entries->type == REDIS_REPLY_ARRAY && i < entries->elements && result == RESULT_OK; i++)
        result = fold_reply(a, entries->element[i]);
    return result;
}

/* Everything up to about now. What comes meanwhile is read with the counters, in one step. */
static enum result replay(struct audit *a)
{
    char count[16], from[LEDGER_ID_LEN_MAX + 2] = "-";
    snprintf(count, sizeof count, "%d", AUDIT_PAGE);
    for (;;) {
        const char *page[] = {"XRANGE", a->keys[4], from, "+", "COUNT", count};
        redisReply *entries = NULL;
        enum result result = audit_ask(a, &entries, 6, page);
        if (result != RESULT_OK)
            return result;
        bool is_last = entries->type != REDIS_REPLY_ARRAY || entries->elements < AUDIT_PAGE;
        result = fold_all(a, entries);
        freeReplyObject(entries);
        if (result != RESULT_OK || is_last)
            return result;
        snprintf(from, sizeof from, "(%s", a->last_id);
    }
}

/* ---- what is kept ---- */

typedef void compare_pair(struct audit_kept *k, struct text key, struct text value);

static struct text text_of(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? (struct text){reply->str, (size_t)reply->len} : (struct text){0};
}

static void compare_pairs(struct audit *a, const redisReply *pairs, compare_pair *compare)
{
    for (size_t i = 0; pairs->type == REDIS_REPLY_ARRAY && i + 1 < pairs->elements; i += 2)
        compare(&a->kept, text_of(pairs->element[i]), text_of(pairs->element[i + 1]));
}

static enum result compare_kept(struct audit *a, const redisReply *all)
{
    if (all->type != REDIS_REPLY_ARRAY || all->elements != KEPT_PARTS)
        return fail(a, RESULT_UNAVAILABLE, "the counters cannot be read in one step");
    enum result result = fold_all(a, all->element[0]);
    if (result != RESULT_OK)
        return result;
    compare_pairs(a, all->element[1], audit_kept_row);
    compare_pairs(a, all->element[2], audit_kept_hold);
    compare_pairs(a, all->element[3], audit_kept_timer);
    compare_pairs(a, all->element[4], audit_kept_taken);
    const redisReply *places = all->element[5];
    for (size_t i = 0; places->type == REDIS_REPLY_ARRAY && i < places->elements; i++)
        audit_kept_place(&a->kept, text_of(places->element[i]));
    return audit_kept_close(&a->kept);
}

/* The rest of the ledger and all that is kept, as of one moment. */
static enum result read_kept(struct audit *a)
{
    char from[LEDGER_ID_LEN_MAX + 2];
    snprintf(from, sizeof from, "%s%s", a->last_id[0] == '\0' ? "-" : "(", a->last_id);
    struct {
        int argc;
        const char *argv[5];
    } parts[] = {
        {1, {"MULTI"}},
        {4, {"XRANGE", a->keys[4], from, "+"}},
        {2, {"HGETALL", a->keys[0]}},
        {2, {"HGETALL", a->keys[1]}},
        {5, {"ZRANGE", a->keys[2], "0", "-1", "WITHSCORES"}},
        {2, {"HGETALL", a->keys[3]}},
        {4, {"ZRANGE", a->keys[5], "0", "-1"}},
    };
    _Static_assert(ARRAY_LEN(parts) == 1 + KEPT_PARTS, "MULTI and the parts");
    enum result result = RESULT_OK;
    for (size_t i = 0; i < ARRAY_LEN(parts) && result == RESULT_OK; i++)
        result = ask_and_forget(a, parts[i].argc, parts[i].argv);
    redisReply *all = NULL;
    const char *exec[] = {"EXEC"};
    if (result == RESULT_OK)
        result = audit_ask(a, &all, 1, exec);
    if (result != RESULT_OK)
        return result;
    result = compare_kept(a, all);
    freeReplyObject(all);
    return result;
}

/* ---- */

static void audit_close(struct audit *a)
{
    audit_fold_finish(&a->fold);
    entry_room_finish(&a->room);
    audit_kept_finish(&a->kept);
    if (a->redis != NULL)
        redisFree(a->redis);
}

enum result audit_run(const char *url, const struct shop_id *shop, struct audit_result *ret, const char **ret_why)
{
    struct audit a = {.result = ret, .ret_why = ret_why};
    *ret = (struct audit_result){.shop = *shop};
    audit_kept_init(&a.kept, &a.fold);
    for (size_t i = 0; i < STOCK_KEYS; i++)
        key_stock(a.keys[i], shop->text, stock_key_letters[i]);
    enum result result = audit_fold_init(&a.fold, ret);
    if (result == RESULT_OK)
        result = audit_connect(&a, url);
    if (result == RESULT_OK)
        result = replay(&a);
    if (result == RESULT_OK)
        result = read_kept(&a);
    if (result == RESULT_OK && ret->entries == 0 && ret->skus_count == 0)
        result = fail(&a, RESULT_NOT_FOUND, "no stock and no ledger of this shop");
    audit_close(&a);
    if (result != RESULT_OK)
        audit_finish(ret);
    return result;
}

void audit_finish(struct audit_result *r)
{
    if (r == NULL)
        return;
    free(r->skus);
    free(r->differences);
    *r = (struct audit_result){0};
}

/* Keys of counters are "ls:{shop.0}:c". */
static bool shop_of_key(const char *key, struct shop_id *ret)
{
    static const char begin[] = "ls:{", end[] = ".0}:c";
    size_t len = strlen(key);
    if (len < sizeof begin + sizeof end - 1 || strncmp(key, begin, sizeof begin - 1) != 0 ||
        strcmp(key + len - (sizeof end - 1), end) != 0)
        return false;
    return ID_PARSE(ret, key + sizeof begin - 1, len - (sizeof begin - 1) - (sizeof end - 1)) == RESULT_OK;
}

enum result audit_shops(const char *url, void (*found)(void *ctx, const struct shop_id *shop), void *ctx,
                        const char **ret_why)
{
    struct audit a = {.ret_why = ret_why};
    char cursor[32] = "0";
    enum result result = audit_connect(&a, url);
    bool is_over = false;
    while (result == RESULT_OK && !is_over) {
        const char *scan[] = {"SCAN", cursor, "MATCH", "ls:{*.0}:c", "COUNT", "1000"};
        redisReply *page = NULL;
        result = audit_ask(&a, &page, 6, scan);
        if (result != RESULT_OK)
            break;
        snprintf(cursor, sizeof cursor, "%s", page->element[0]->str);
        is_over = strcmp(cursor, "0") == 0;
        struct shop_id shop;
        for (size_t i = 0; i < page->element[1]->elements; i++)
            if (shop_of_key(page->element[1]->element[i]->str, &shop))
                found(ctx, &shop);
        freeReplyObject(page);
    }
    if (a.redis != NULL)
        redisFree(a.redis);
    return result;
}

void audit_write(const struct audit_result *r, struct bytes *out)
{
    bytes_format(out, "shop %s: %" PRIu64 " ledger entries (%s .. %s), %" PRIu64 " movements, %" PRIu64 " holds\n\n",
                 r->shop.text, r->entries, r->first_id, r->last_id, r->movements, r->holds);
    bytes_format(out, "%-24s %10s %10s %10s %10s %8s | holds: open, confirmed, released, expired, void\n", "sku",
                 "allocated", "available", "held", "sold", "waiting");
    for (size_t i = 0; i < r->skus_count; i++) {
        const struct audit_certificate *c = &r->skus[i];
        bytes_format(out,
                     "%-24s %10" PRId64 " %10" PRId64 " %10" PRId64 " %10" PRId64 " %8" PRId64 " | %" PRIu64
                     ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 "%s\n",
                     c->count.sku.text, c->count.allocated, c->count.available, c->count.held, c->count.sold,
                     c->waiting, c->holds_held, c->holds_confirmed, c->holds_released, c->holds_expired, c->holds_void,
                     c->count.stopped ? "  stopped" : "");
    }
    bytes_format(out, "\n%" PRIu64 " differences\n", r->differences_total);
    for (size_t i = 0; i < r->differences_count; i++)
        bytes_format(out, "  %s\n", r->differences[i]);
    if (r->differences_total > r->differences_count)
        bytes_format(out, "  ... and %" PRIu64 " more\n", r->differences_total - r->differences_count);
}
