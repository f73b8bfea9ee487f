#include "inventory/redis/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/redis/ask.h"
#include "inventory/redis/audit_fold.h"
#include "inventory/redis/audit_kept.h"
#include "inventory/redis/node.h"

#define AUDIT_PAGE 500
#define AUDIT_PAGE_TEXT "500"
#define TIMER_SCANS_MAX 3

struct audit {
    struct ask ask;
    struct audit_result *result;
    struct audit_fold fold;
    struct entry_room room;
    struct audit_kept kept;
    const char *shop;
    char ledger[KEY_MAX];
    char last_id[LEDGER_ID_LEN_MAX + 1]; /* read last, "" none */
};

/* ---- the ledger ---- */

static enum result fold_reply(struct audit *a, const redisReply *entry)
{
    if (!reply_is_entry(entry) || entry->element[0]->len > LEDGER_ID_LEN_MAX) {
        audit_differ(a->result, "ledger: an entry that is none");
        return RESULT_OK;
    }
    const redisReply *id = entry->element[0], *fields = entry->element[1];
    struct entry_text text = reply_entry((struct text){id->str, (size_t)id->len}, fields);
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

static void range_begin(const struct audit *a, char ret[LEDGER_ID_LEN_MAX + 2])
{
    snprintf(ret, LEDGER_ID_LEN_MAX + 2, "%s%s", a->last_id[0] == '\0' ? "-" : "(", a->last_id);
}

/* Of a ledger that was cut nothing is known before its first checkpoint. Cutting takes the oldest; nobody takes single ones. */
static enum result look_for_cut(struct audit *a)
{
    redisReply *info = NULL, *exists = NULL;
    enum result result = ASK(&a->ask, &exists, "EXISTS", a->ledger);
    if (result != RESULT_OK)
        return result;
    bool is_there = exists->type == REDIS_REPLY_INTEGER && exists->integer == 1;
    freeReplyObject(exists);
    if (!is_there)
        return RESULT_OK;
    result = ASK(&a->ask, &info, "XINFO", "STREAM", a->ledger);
    if (result != RESULT_OK)
        return result;
    const redisReply *deleted = ask_value(info, "max-deleted-entry-id");
    bool is_torn = deleted != NULL && deleted->type == REDIS_REPLY_STRING && strcmp(deleted->str, "0-0") != 0;
    if (is_torn)
        audit_differ(a->result, "ledger: entries were deleted out of it, up to %s", deleted->str);
    a->fold.waits_for_checkpoint = !is_torn && ask_number(info, "entries-added") > ask_number(info, "length");
    freeReplyObject(info);
    return RESULT_OK;
}

/* Everything up to about now. What comes meanwhile is read with what is kept, in one step. */
static enum result replay(struct audit *a)
{
    enum result result = look_for_cut(a);
    for (bool is_last = false; result == RESULT_OK && !is_last;) {
        char from[LEDGER_ID_LEN_MAX + 2];
        redisReply *entries = NULL;
        range_begin(a, from);
        result = ASK(&a->ask, &entries, "XRANGE", a->ledger, from, "+", "COUNT", AUDIT_PAGE_TEXT);
        if (result != RESULT_OK)
            return result;
        is_last = entries->type != REDIS_REPLY_ARRAY || entries->elements < AUDIT_PAGE;
        result = fold_all(a, entries);
        freeReplyObject(entries);
    }
    return result;
}

/* ---- what is kept ---- */

/* Asks one thing, in one step with the rest of the ledger, which is folded. *ret is one of several replies: free *ret_all. */
static enum result ask_in_step(struct audit *a, const char **words, redisReply **ret_all, redisReply **ret)
{
    char from[LEDGER_ID_LEN_MAX + 2];
    redisReply *all = NULL, *queued = NULL;
    const char *multi[] = {"MULTI"};
    range_begin(a, from);
    const char *range[] = {"XRANGE", a->ledger, from, "+"};
    enum result result = ask_and_forget(&a->ask, 1, multi);
    if (result == RESULT_OK)
        result = ask_and_forget(&a->ask, 4, range);
    if (result == RESULT_OK)
        result = ask_words(&a->ask, &queued, words);
    if (result == RESULT_OK) {
        freeReplyObject(queued);
        result = ASK(&a->ask, &all, "EXEC");
    }
    if (result != RESULT_OK)
        return result;
    if (all->type == REDIS_REPLY_ARRAY && all->elements == 2 && all->element[1]->type != REDIS_REPLY_ERROR) {
        result = fold_all(a, all->element[0]);
        *ret = all->element[1];
        *ret_all = all;
    } else {
        result = ask_fail(&a->ask, RESULT_UNAVAILABLE, "what is kept cannot be read in one step with the ledger");
    }
    if (result != RESULT_OK)
        freeReplyObject(all);
    return result;
}

static struct text text_of(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? (struct text){reply->str, (size_t)reply->len} : (struct text){0};
}

/* One page of a scan: the cursor to go on from, and pairs. */
static enum result page_read(struct audit *a, enum audit_part part, const char **words, char cursor[32])
{
    redisReply *all = NULL, *page = NULL;
    enum result result = ask_in_step(a, words, &all, &page);
    if (result != RESULT_OK)
        return result;
    if (page->type != REDIS_REPLY_ARRAY || page->elements != 2 || page->element[0]->type != REDIS_REPLY_STRING) {
        freeReplyObject(all);
        return ask_fail(&a->ask, RESULT_UNAVAILABLE, "a scan that answers something else");
    }
    snprintf(cursor, 32, "%s", page->element[0]->str);
    const redisReply *pairs = page->element[1];
    for (size_t i = 0; pairs->type == REDIS_REPLY_ARRAY && i + 1 < pairs->elements; i += 2)
        audit_kept_pair(&a->kept, part, text_of(pairs->element[i]), text_of(pairs->element[i + 1]));
    freeReplyObject(all);
    return RESULT_OK;
}

static enum result part_scan(struct audit *a, enum audit_part part, bool tells, uint64_t *ret_missing)
{
    static const char letters[AUDIT_PARTS] = {
        [PART_ROWS] = 'c',   [PART_HOLDS] = 'h',  [PART_TAKEN] = 'l', [PART_PLACES] = 'w',
        [PART_WISHES] = 'y', [PART_CLOCKS] = 'f', [PART_REFS] = 'r',  [PART_TIMERS] = 'x',
    };
    bool is_zset = part == PART_PLACES || part == PART_TIMERS;
    char key[KEY_MAX], cursor[32] = "0";
    enum result result = RESULT_OK;
    key_stock(key, a->shop, letters[part]);
    audit_kept_begin(&a->kept, part);
    do {
        const char *scan[] = {is_zset ? "ZSCAN" : "HSCAN", key, cursor, "COUNT", AUDIT_PAGE_TEXT, NULL};
        result = page_read(a, part, scan, cursor);
    } while (result == RESULT_OK && strcmp(cursor, "0") != 0);
    return result == RESULT_OK ? audit_kept_end(&a->kept, part, tells, ret_missing) : result;
}

static enum result places_count(struct audit *a)
{
    char key[KEY_MAX];
    redisReply *all = NULL, *count = NULL;
    key_stock(key, a->shop, 'w');
    const char *words[] = {"ZCARD", key, NULL};
    enum result result = ask_in_step(a, words, &all, &count);
    if (result != RESULT_OK)
        return result;
    audit_kept_count_places(&a->kept, count->type == REDIS_REPLY_INTEGER ? count->integer : -1);
    freeReplyObject(all);
    return RESULT_OK;
}

static enum result compare_kept(struct audit *a)
{
    uint64_t missing = 0;
    enum result result = RESULT_OK;
    for (enum audit_part part = 0; part < PART_TIMERS && result == RESULT_OK; part++)
        result = part_scan(a, part, true, &missing);
    if (result == RESULT_OK)
        result = places_count(a);
    missing = 1;
    for (int scan = 1; scan <= TIMER_SCANS_MAX && missing > 0 && result == RESULT_OK; scan++)
        result = part_scan(a, PART_TIMERS, scan == TIMER_SCANS_MAX, &missing);
    return result;
}

/* ---- */

static enum result audit_all(struct audit *a)
{
    enum result result = replay(a);
    if (result == RESULT_OK && a->fold.waits_for_checkpoint) /* nothing to compare with: audit_fold_close tells */
        return audit_fold_close(&a->fold);
    if (result == RESULT_OK)
        result = compare_kept(a);
    return result == RESULT_OK ? audit_fold_close(&a->fold) : result;
}

enum result audit_run(const char *url, const struct shop_id *shop, struct audit_result *ret, const char **ret_why)
{
    static char why[ASK_WHY_MAX];
    struct audit a = {.result = ret, .shop = shop->text};
    *ret = (struct audit_result){.shop = *shop};
    audit_kept_init(&a.kept, &a.fold);
    key_stock(a.ledger, shop->text, 'g');
    enum result result = audit_fold_init(&a.fold, ret);
    if (result == RESULT_OK)
        result = ask_open(&a.ask, url);
    if (result == RESULT_OK)
        result = audit_all(&a);
    if (result == RESULT_OK && ret->entries + ret->unchecked == 0 && ret->differences_total == 0)
        result = ask_fail(&a.ask, RESULT_NOT_FOUND, "no stock and no ledger of this shop");
    snprintf(why, sizeof why, "%s", result == RESULT_NO_MEMORY ? "no memory" : a.ask.why);
    if (ret_why != NULL)
        *ret_why = why;
    audit_kept_finish(&a.kept);
    audit_fold_finish(&a.fold);
    entry_room_finish(&a.room);
    ask_close(&a.ask);
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
    free(r->remarks);
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

static enum result shops_scan(struct ask *a, void (*found)(void *ctx, const struct shop_id *shop), void *ctx)
{
    char cursor[32] = "0";
    do {
        redisReply *page = NULL;
        enum result result = ASK(a, &page, "SCAN", cursor, "MATCH", "ls:{*.0}:c", "COUNT", "1000");
        if (result != RESULT_OK)
            return result;
        snprintf(cursor, sizeof cursor, "%s", page->element[0]->str);
        struct shop_id shop;
        for (size_t i = 0; i < page->element[1]->elements; i++)
            if (shop_of_key(page->element[1]->element[i]->str, &shop))
                found(ctx, &shop);
        freeReplyObject(page);
    } while (strcmp(cursor, "0") != 0);
    return RESULT_OK;
}

enum result audit_shops(const char *url, void (*found)(void *ctx, const struct shop_id *shop), void *ctx,
                        const char **ret_why)
{
    static char why[ASK_WHY_MAX];
    struct ask a;
    enum result result = ask_open(&a, url);
    if (result == RESULT_OK)
        result = shops_scan(&a, found, ctx);
    snprintf(why, sizeof why, "%s", a.why);
    if (ret_why != NULL)
        *ret_why = why;
    ask_close(&a);
    return result;
}
