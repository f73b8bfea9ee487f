#include "inventory/redis/archive.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/redis/node.h"

#define LOG_PAGE 50       /* of up to 2 MiB each */
#define CUT_SLICE "10000" /* entries that Redis takes away at once */

enum result archive_open(struct archive *a, const char *url, const struct shop_id *shop)
{
    *a = (struct archive){.shop = *shop};
    return ask_open(&a->ask, url);
}

void archive_close(struct archive *a)
{
    entry_room_finish(&a->room);
    ask_close(&a->ask);
}

static void ledger_key(const struct archive *a, char ret[KEY_MAX]) { key_stock(ret, a->shop.text, 'g'); }
static void acknowledged_key(const struct archive *a, char ret[KEY_MAX]) { key_stock(ret, a->shop.text, 'a'); }

/* ---- ids ---- */

static bool id_parts(const char *id, uint64_t *ret_ms, uint64_t *ret_seq)
{
    struct text rest = {id, strlen(id)}, ms;
    int64_t parts[2];
    if (rest.len > LEDGER_ID_LEN_MAX || !text_take(&rest, '-', &ms) || !text_number(ms, 0, INT64_MAX, &parts[0]) ||
        !text_number(rest, 0, INT64_MAX, &parts[1]))
        return false;
    *ret_ms = (uint64_t)parts[0];
    *ret_seq = (uint64_t)parts[1];
    return true;
}

bool archive_id_is_valid(const char *id)
{
    uint64_t ms = 0, seq = 0;
    return id_parts(id, &ms, &seq);
}

int archive_id_compare(const char *one, const char *two)
{
    uint64_t ms[2] = {0}, seq[2] = {0};
    id_parts(one, &ms[0], &seq[0]);
    id_parts(two, &ms[1], &seq[1]);
    return ms[0] != ms[1] ? (ms[0] > ms[1]) - (ms[0] < ms[1]) : (seq[0] > seq[1]) - (seq[0] < seq[1]);
}

static void id_keep(char ret[LEDGER_ID_LEN_MAX + 1], const redisReply *id)
{
    snprintf(ret, LEDGER_ID_LEN_MAX + 1, "%s", id != NULL && id->type == REDIS_REPLY_STRING ? id->str : "");
}

/* ---- the state ---- */

static void info_id(const redisReply *info, const char *name, char ret[LEDGER_ID_LEN_MAX + 1])
{
    const redisReply *entry = ask_value(info, name);
    bool is_entry = entry != NULL && entry->type == REDIS_REPLY_ARRAY && entry->elements > 0;
    id_keep(ret, is_entry ? entry->element[0] : NULL);
}

static enum result read_ledger(struct archive *a, struct archive_state *ret)
{
    char key[KEY_MAX];
    redisReply *reply = NULL;
    ledger_key(a, key);
    enum result result = ASK(&a->ask, &reply, "EXISTS", key);
    if (result != RESULT_OK)
        return result;
    bool is_there = reply->type == REDIS_REPLY_INTEGER && reply->integer > 0;
    freeReplyObject(reply);
    if (!is_there)
        return ask_fail(&a->ask, RESULT_NOT_FOUND, "no ledger of this shop");
    result = ASK(&a->ask, &reply, "XINFO", "STREAM", key);
    if (result != RESULT_OK)
        return result;
    int64_t entries = ask_number(reply, "length");
    ret->entries = entries > 0 ? (uint64_t)entries : 0;
    info_id(reply, "first-entry", ret->first_id);
    info_id(reply, "last-entry", ret->last_id);
    freeReplyObject(reply);
    return RESULT_OK;
}

static enum result read_acknowledged(struct archive *a, char ret[LEDGER_ID_LEN_MAX + 1])
{
    char key[KEY_MAX];
    redisReply *reply = NULL;
    acknowledged_key(a, key);
    enum result result = ASK(&a->ask, &reply, "GET", key);
    if (result != RESULT_OK)
        return result;
    id_keep(ret, reply);
    freeReplyObject(reply);
    return RESULT_OK;
}

static bool reply_number(const redisReply *reply, int64_t *ret)
{
    return reply->type == REDIS_REPLY_STRING &&
           text_number((struct text){reply->str, (size_t)reply->len}, 0, INT64_MAX / 1000, ret);
}

enum result archive_state_get(struct archive *a, struct archive_state *ret)
{
    redisReply *time = NULL;
    *ret = (struct archive_state){0};
    enum result result = read_ledger(a, ret);
    if (result == RESULT_OK)
        result = read_acknowledged(a, ret->acknowledged);
    if (result == RESULT_OK)
        result = ASK(&a->ask, &time, "TIME");
    if (result != RESULT_OK)
        return result;
    int64_t seconds = 0, micros = 0;
    if (time->type == REDIS_REPLY_ARRAY && time->elements == 2 && reply_number(time->element[0], &seconds) &&
        reply_number(time->element[1], &micros))
        ret->now_ms = seconds * 1000 + micros / 1000;
    freeReplyObject(time);
    return RESULT_OK;
}

/* ---- entries ---- */

/* Every line must have been read: what a later version wrote would be missing in a copy. */
static enum result read_entry(struct archive *a, const redisReply *entry, struct ledger_entry *ret)
{
    size_t skipped = 0;
    if (!reply_is_entry(entry))
        return ask_fail(&a->ask, RESULT_MALFORMED, "the ledger has an entry that is none");
    const redisReply *id = entry->element[0], *fields = entry->element[1];
    struct entry_text text = reply_entry((struct text){id->str, (size_t)id->len}, fields);
    enum result result = entry_parse(&text, &a->room, ret, &skipped);
    if (result == RESULT_NO_MEMORY)
        return ask_fail(&a->ask, result, "no memory");
    if (result == RESULT_OK && ret->movements_count + ret->is_checkpoint == text_lines(text.movements) &&
        ret->counts_count == text_lines(text.counts))
        return RESULT_OK;
    snprintf(a->ask.why, sizeof a->ask.why,
             "ledger entry %.60s has lines that this version cannot read; use the version that wrote it", id->str);
    return RESULT_MALFORMED;
}

static enum result tell_all(struct archive *a, const redisReply *entries, archive_entry *each, void *ctx)
{
    struct ledger_entry entry;
    enum result result = RESULT_OK;
    for (size_t i = 0; entries->type == REDIS_REPLY_ARRAY && i < entries->elements && result == RESULT_OK; i++) {
        result = read_entry(a, entries->element[i], &entry);
        if (result == RESULT_OK)
            result = each(ctx, &entry);
    }
    return result;
}

enum result archive_each(struct archive *a, const char *after, const char *last, archive_entry *each, void *ctx)
{
    char key[KEY_MAX], count[16], from[LEDGER_ID_LEN_MAX + 2], at[LEDGER_ID_LEN_MAX + 1];
    size_t got = ARCHIVE_PAGE;
    enum result result = RESULT_OK;
    ledger_key(a, key);
    snprintf(count, sizeof count, "%d", ARCHIVE_PAGE);
    snprintf(at, sizeof at, "%s", after);
    while (result == RESULT_OK && got == ARCHIVE_PAGE) {
        redisReply *page = NULL;
        snprintf(from, sizeof from, "%s%s", at[0] == '\0' ? "-" : "(", at);
        result = ASK(&a->ask, &page, "XRANGE", key, from, last, "COUNT", count);
        if (result != RESULT_OK)
            return result;
        got = page->type == REDIS_REPLY_ARRAY ? page->elements : 0;
        result = tell_all(a, page, each, ctx);
        if (result == RESULT_OK && got > 0)
            id_keep(at, page->element[got - 1]->element[0]);
        freeReplyObject(page);
    }
    return result;
}

enum result archive_one(struct archive *a, const char *id, archive_entry *each, void *ctx)
{
    char key[KEY_MAX];
    redisReply *found = NULL;
    ledger_key(a, key);
    enum result result = ASK(&a->ask, &found, "XRANGE", key, id, id);
    if (result != RESULT_OK)
        return result;
    result = found->type == REDIS_REPLY_ARRAY && found->elements == 1
                 ? tell_all(a, found, each, ctx)
                 : ask_fail(&a->ask, RESULT_NOT_FOUND, "the ledger has no such entry");
    freeReplyObject(found);
    return result;
}

enum result archive_next_id(struct archive *a, const char *after, char ret[LEDGER_ID_LEN_MAX + 1])
{
    char key[KEY_MAX], from[LEDGER_ID_LEN_MAX + 2];
    redisReply *page = NULL;
    ledger_key(a, key);
    snprintf(from, sizeof from, "%s%s", after[0] == '\0' ? "-" : "(", after);
    enum result result = ASK(&a->ask, &page, "XRANGE", key, from, "+", "COUNT", "1");
    if (result != RESULT_OK)
        return result;
    bool found = page->type == REDIS_REPLY_ARRAY && page->elements == 1;
    id_keep(ret, found ? page->element[0]->element[0] : NULL);
    freeReplyObject(page);
    return RESULT_OK;
}

/* ---- other logs ---- */

/* Each entry is one field, "e", and its id the number and "-0". */
static enum result tell_log(struct archive *a, const redisReply *entry, archive_log_entry *each, void *ctx)
{
    uint64_t seq = 0, rest = 0;
    const redisReply *fields = reply_is_entry(entry) ? entry->element[1] : NULL;
    bool is_one = fields != NULL && fields->elements == 2 && id_parts(entry->element[0]->str, &seq, &rest) &&
                  fields->element[1]->type == REDIS_REPLY_STRING;
    if (!is_one)
        return ask_fail(&a->ask, RESULT_MALFORMED, "a log has an entry that is none");
    return each(ctx, seq, fields->element[1]->str, fields->element[1]->len);
}

enum result archive_log_each(struct archive *a, enum log_kind kind, const struct broadcast_id *broadcast,
                             archive_log_entry *each, void *ctx)
{
    char key[KEY_MAX], count[16], from[LEDGER_ID_LEN_MAX + 2] = "-";
    size_t got = LOG_PAGE;
    enum result result = RESULT_OK;
    key_log(key, kind, a->shop.text, broadcast->text);
    snprintf(count, sizeof count, "%d", LOG_PAGE);
    while (result == RESULT_OK && got == LOG_PAGE) {
        redisReply *page = NULL;
        result = ASK(&a->ask, &page, "XRANGE", key, from, "+", "COUNT", count);
        if (result != RESULT_OK)
            return result;
        got = page->type == REDIS_REPLY_ARRAY ? page->elements : 0;
        for (size_t i = 0; i < got && result == RESULT_OK; i++)
            result = tell_log(a, page->element[i], each, ctx);
        if (result == RESULT_OK && got > 0)
            snprintf(from, sizeof from, "(%s", page->element[got - 1]->element[0]->str);
        freeReplyObject(page);
    }
    return result;
}

/* ---- acknowledging ---- */

enum result archive_acknowledge(struct archive *a, const char *id)
{
    char key[KEY_MAX], before[LEDGER_ID_LEN_MAX + 1];
    enum result result = read_acknowledged(a, before);
    if (result != RESULT_OK || (before[0] != '\0' && archive_id_compare(id, before) <= 0))
        return result;
    acknowledged_key(a, key);
    const char *words[] = {"SET", key, id};
    return ask_and_forget(&a->ask, 3, words);
}

/* ---- cutting ---- */

static bool is_checkpoint(const redisReply *entry)
{
    static const char word[] = "checkpoint";
    if (!reply_is_entry(entry))
        return false;
    struct text movements = reply_field(entry->element[1], "m"), line;
    return text_take(&movements, '\n', &line) && text_is(line, word);
}

static enum result keep_nothing(void *ctx, const struct ledger_entry *entry)
{
    *(bool *)ctx = entry->is_checkpoint;
    return RESULT_OK;
}

/* The newest checkpoint not behind `last`; "" when there is none. */
static enum result find_checkpoint(struct archive *a, const char *last, char ret[LEDGER_ID_LEN_MAX + 1])
{
    char key[KEY_MAX], to[LEDGER_ID_LEN_MAX + 2];
    size_t got = 1;
    enum result result = RESULT_OK;
    ledger_key(a, key);
    snprintf(to, sizeof to, "%s", last);
    ret[0] = '\0';
    while (result == RESULT_OK && ret[0] == '\0' && got > 0) {
        redisReply *page = NULL;
        result = ASK(&a->ask, &page, "XREVRANGE", key, to, "-", "COUNT", "256");
        if (result != RESULT_OK)
            return result;
        got = page->type == REDIS_REPLY_ARRAY ? page->elements : 0;
        for (size_t i = 0; i < got && ret[0] == '\0'; i++)
            if (is_checkpoint(page->element[i]))
                id_keep(ret, page->element[i]->element[0]);
        if (got > 0)
            snprintf(to, sizeof to, "(%.*s", LEDGER_ID_LEN_MAX, page->element[got - 1]->element[0]->str);
        freeReplyObject(page);
    }
    return result;
}

/* In slices of whole nodes of the stream first; what is left of the last node goes exactly. */
static enum result cut_before(struct archive *a, const char *id, uint64_t *ret_entries)
{
    char key[KEY_MAX];
    int64_t went = 1;
    ledger_key(a, key);
    *ret_entries = 0;
    for (bool is_exact = false; went > 0 || is_exact;) {
        redisReply *reply = NULL;
        enum result result = is_exact ? ASK(&a->ask, &reply, "XTRIM", key, "MINID", "=", id)
                                      : ASK(&a->ask, &reply, "XTRIM", key, "MINID", "~", id, "LIMIT", CUT_SLICE);
        if (result != RESULT_OK)
            return result;
        went = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
        *ret_entries += (uint64_t)went;
        freeReplyObject(reply);
        if (is_exact)
            break;
        is_exact = went == 0;
    }
    return RESULT_OK;
}

/* The last id that may be the first entry: acknowledged, and as old as asked. */
static void cut_end(const struct archive_state *s, int64_t keep_ms, char ret[LEDGER_ID_LEN_MAX + 1])
{
    snprintf(ret, LEDGER_ID_LEN_MAX + 1, "%" PRId64 "-999999999999999999", s->now_ms - keep_ms);
    if (archive_id_compare(s->acknowledged, ret) < 0)
        snprintf(ret, LEDGER_ID_LEN_MAX + 1, "%s", s->acknowledged);
}

enum result archive_cut(struct archive *a, int64_t keep_ms, struct archive_cut *ret)
{
    struct archive_state state;
    char end[LEDGER_ID_LEN_MAX + 1];
    bool is_whole = false;
    *ret = (struct archive_cut){.answer = CUT_NOTHING_OLD};
    enum result result = archive_state_get(a, &state);
    if (result != RESULT_OK)
        return result;
    int64_t oldest_ms = state.now_ms - keep_ms;
    if (state.entries == 0 || oldest_ms < 0 || strtoll(state.first_id, NULL, 10) > oldest_ms)
        return RESULT_OK;
    ret->answer = CUT_NOT_ACKNOWLEDGED;
    if (state.acknowledged[0] == '\0' || archive_id_compare(state.acknowledged, state.first_id) < 0)
        return RESULT_OK;
    cut_end(&state, keep_ms, end);
    result = find_checkpoint(a, end, ret->first_id);
    if (result != RESULT_OK)
        return result;
    ret->answer = ret->first_id[0] == '\0' ? CUT_NO_CHECKPOINT : CUT_NOTHING_OLD;
    if (ret->first_id[0] == '\0' || strcmp(ret->first_id, state.first_id) == 0)
        return RESULT_OK;
    result = archive_one(a, ret->first_id, keep_nothing, &is_whole); /* it must be readable to begin at */
    if (result != RESULT_OK)
        return result;
    ret->answer = is_whole ? CUT_DONE : CUT_NO_CHECKPOINT;
    return is_whole ? cut_before(a, ret->first_id, &ret->entries) : RESULT_OK;
}

/* ---- checkpoints ---- */

/* "W - 0": a checkpoint, however young the last one is. */
enum result archive_checkpoint(struct archive *a, enum archive_checkpoint_answer *ret,
                               char ret_id[LEDGER_ID_LEN_MAX + 1])
{
    char keys[STOCK_KEYS][KEY_MAX], count[16];
    const char *words[3 + STOCK_KEYS + 3] = {"FCALL", "ls_exec", count};
    redisReply *reply = NULL;
    snprintf(count, sizeof count, "%d", STOCK_KEYS);
    for (size_t i = 0; i < STOCK_KEYS; i++) {
        key_stock(keys[i], a->shop.text, stock_key_letters[i]);
        words[3 + i] = keys[i];
    }
    words[3 + STOCK_KEYS] = words[4 + STOCK_KEYS] = "0";
    words[5 + STOCK_KEYS] = "W - 0";
    struct archive_state state; /* no ledger, no shop: a checkpoint would make one */
    enum result result = archive_state_get(a, &state);
    if (result == RESULT_OK)
        result = ask(&a->ask, &reply, ARRAY_LEN(words), words);
    if (result != RESULT_OK)
        return result;
    const redisReply *answers = reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 ? reply->element[2] : NULL;
    const redisReply *answer = answers != NULL && answers->elements == 1 ? answers->element[0] : NULL;
    struct text word = {0};
    if (answer != NULL && answer->type == REDIS_REPLY_STRING)
        word = (struct text){answer->str, (size_t)answer->len};
    if (text_is(word, "done"))
        id_keep(ret_id, reply->element[1]);
    bool is_known = text_is(word, "done") || text_is(word, "busy");
    *ret = text_is(word, "done") ? CHECKPOINT_WRITTEN : CHECKPOINT_BUSY;
    freeReplyObject(reply);
    return is_known ? RESULT_OK : ask_fail(&a->ask, RESULT_UNAVAILABLE, "the answer of another version of the library");
}
