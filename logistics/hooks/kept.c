/* logistics/hooks/kept.c - what survives a restart: places and letters, in the store.
 *
 *   hook:ENDPOINT:BROADCAST   value "1 settled" and for each lane " place ms tries next_ms failing_ms"
 *   hookdead:ENDPOINT         shares, one for each broadcast: "message,type,seq,tries,status,ms;" for each letter
 *
 * Written behind the delivery: a crash in between repeats a message under its own id. A store that does not answer is asked
 * again; nothing is delivered on a duty before its places are known. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/hooks/inner.h"

#define READER "~" /* a share that says nothing and is gone at once: reading is writing one */

static void request_done(struct store_request *request);

static void request_start(struct duty *duty, enum store_op op, int64_t ttl_ms)
{
    duty->asking = true;
    duty->request.op = op;
    duty->request.shop = duty->shop;
    duty->request.ttl_ms = ttl_ms;
    duty->request.done = request_done;
    duty->hooks->config.store->ask(duty->hooks->config.store, &duty->request);
}

static void places_key(struct duty *duty)
{
    snprintf(duty->request.key, sizeof duty->request.key, "hook:%s:%s", duty->sink->endpoint.id, duty->broadcast.text);
}

/* ---- texts ---- */

static void places_write(const struct duty *duty, struct bytes *out)
{
    bytes_format(out, "1 %" PRIu64, duty->settled);
    for (unsigned i = 0; i < LANES; i++)
        bytes_format(out, " %" PRIu64 " %" PRId64 " %" PRIu32 " %" PRId64 " %" PRId64, duty->lanes[i].place,
                     duty->lanes[i].ms, duty->lanes[i].tries, duty->lanes[i].next_ms, duty->lanes[i].failing_ms);
}

/* Takes a whole number of at least 0 and what stands behind it: `mark`, or the end. */
static bool take_number(const char **at, char mark, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(*at, &end, 10);
    if (end == *at || errno != 0 || number < 0 || (*end != mark && *end != '\0'))
        return false;
    *ret = number;
    *at = *end == '\0' ? end : end + 1;
    return true;
}

static bool take_lane(const char **at, struct lane *ret)
{
    int64_t place = 0, tries = 0;
    if (!take_number(at, ' ', &place) || !take_number(at, ' ', &ret->ms) || !take_number(at, ' ', &tries) ||
        !take_number(at, ' ', &ret->next_ms) || !take_number(at, ' ', &ret->failing_ms) || tries >= HOOKS_TRIES_MAX)
        return false;
    ret->place = (uint64_t)place;
    ret->tries = (uint32_t)tries;
    return true;
}

/* What cannot be read counts as nothing delivered: repeats are harmless, gaps are not. */
static void places_read(struct duty *duty, const char *text)
{
    struct lane lanes[LANES] = {0};
    int64_t version = 0, settled = 0;
    bool good = text != NULL && take_number(&text, ' ', &version) && version == 1 && take_number(&text, ' ', &settled);
    for (unsigned i = 0; good && i < LANES; i++)
        good = take_lane(&text, &lanes[i]);
    if (!good) {
        log_warn("hooks.places", "shop=%s broadcast=%s endpoint=%s read=nothing", duty->shop.text, duty->broadcast.text,
                 duty->sink->endpoint.id);
        return;
    }
    duty->settled = (uint64_t)settled;
    memcpy(duty->lanes, lanes, sizeof lanes);
}

static void letters_write(const struct duty *duty, struct bytes *out)
{
    for (size_t i = 0; i < duty->letters_count; i++) {
        const struct hook_dead *d = &duty->letters[i];
        bytes_format(out, "%s,%d,%" PRIu64 ",%" PRIu32 ",%" PRId32 ",%" PRId64 ";", d->message, (int)d->type, d->seq,
                     d->attempts, d->status, d->ms);
    }
}

/* "message,type,seq,tries,status,ms;" */
static bool letter_read(const char **at, struct hook_dead *ret)
{
    int64_t type = 0, seq = 0, attempts = 0, status = 0;
    size_t len = strcspn(*at, ",");
    if (len != HOOK_MESSAGE_LEN || (*at)[len] != ',')
        return false;
    memcpy(ret->message, *at, len);
    *at += len + 1;
    if (!take_number(at, ',', &type) || !take_number(at, ',', &seq) || !take_number(at, ',', &attempts) ||
        !take_number(at, ',', &status) || !take_number(at, ';', &ret->ms) || type >= HOOK_TYPES ||
        attempts > UINT32_MAX || status > INT32_MAX)
        return false;
    ret->type = (enum hook_type)type;
    ret->seq = (uint64_t)seq;
    ret->attempts = (uint32_t)attempts;
    ret->status = (int32_t)status;
    return true;
}

static int letter_compare(const void *a, const void *b)
{
    const struct hook_dead *x = a, *y = b;
    return x->ms < y->ms ? -1 : x->ms > y->ms;
}

/* Full: the oldest makes room. */
static void letter_put(struct hook_dead *ret, size_t *count, size_t max, const struct hook_dead *letter)
{
    if (*count < max) {
        ret[(*count)++] = *letter;
        return;
    }
    size_t oldest = 0;
    for (size_t i = 1; i < *count; i++)
        if (ret[i].ms < ret[oldest].ms)
            oldest = i;
    if (ret[oldest].ms < letter->ms)
        ret[oldest] = *letter;
}

/* Lines "broadcast letter;letter;\n". */
size_t letters_read(const struct bytes *answer, const char *broadcast, struct hook_dead *ret, size_t max)
{
    size_t count = 0;
    const char *at = answer->data == NULL ? "" : answer->data;
    for (const char *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        struct hook_dead letter = {0};
        const char *blank = memchr(at, ' ', (size_t)(end - at));
        if (blank == NULL || ID_PARSE(&letter.broadcast, at, (size_t)(blank - at)) != RESULT_OK ||
            (broadcast != NULL && strcmp(broadcast, letter.broadcast.text) != 0))
            continue;
        for (at = blank + 1; at < end && letter_read(&at, &letter);)
            letter_put(ret, &count, max, &letter);
    }
    if (count > 0)
        qsort(ret, count, sizeof *ret, letter_compare);
    return count;
}

void letters_question(struct store_request *ret, const struct shop_id *shop, const char *endpoint)
{
    ret->op = STORE_SHARE;
    ret->shop = *shop;
    ret->ttl_ms = 1;
    snprintf(ret->key, sizeof ret->key, "hookdead:%s", endpoint);
    snprintf(ret->node.text, sizeof ret->node.text, READER);
    bytes_clear(&ret->value);
}

/* ---- loading ---- */

static void letters_ask(struct duty *duty)
{
    duty->state = DUTY_LOADING_LETTERS;
    letters_question(&duty->request, &duty->shop, duty->sink->endpoint.id);
    request_start(duty, STORE_SHARE, 1);
}

void duty_load(struct duty *duty)
{
    if (duty->state == DUTY_LOADING_LETTERS) {
        letters_ask(duty);
        return;
    }
    bytes_clear(&duty->request.value);
    places_key(duty);
    request_start(duty, STORE_GET, 0);
}

static void duty_ready(struct duty *duty)
{
    duty->state = DUTY_READY;
    duty_look(duty);
}

static void letters_take(struct duty *duty, const struct bytes *answer)
{
    struct hook_dead letters[HOOKS_LETTERS_MAX];
    size_t count = letters_read(answer, duty->broadcast.text, letters, HOOKS_LETTERS_MAX);
    for (size_t i = 0; i < count; i++)
        letter_add(duty, &letters[i]);
    duty->letters_dirty = false; /* they are as they are kept */
}

static void loaded(struct duty *duty)
{
    const struct store_request *r = &duty->request;
    if (r->result != RESULT_OK && r->result != RESULT_NOT_FOUND) {
        duty->hooks->config.clock->start(duty->hooks->config.clock, &duty->again, HOOKS_AGAIN_MS);
        return;
    }
    if (duty->state == DUTY_LOADING_LETTERS) {
        letters_take(duty, &r->value);
        duty_ready(duty);
        return;
    }
    if (r->result == RESULT_OK)
        places_read(duty, r->value.data);
    if (duty->sink->is_stream)
        duty_ready(duty); /* it gives up nothing */
    else
        letters_ask(duty);
}

/* ---- saving ---- */

void duty_save(struct duty *duty)
{
    if (duty->asking || duty->hooks->stopped || (!duty->places_dirty && !duty->letters_dirty))
        return;
    bytes_clear(&duty->request.value);
    if (duty->places_dirty) {
        duty->places_dirty = false;
        places_key(duty);
        places_write(duty, &duty->request.value);
        request_start(duty, STORE_PUT, HOOKS_KEEP_MS);
        return;
    }
    duty->letters_dirty = false;
    letters_question(&duty->request, &duty->shop, duty->sink->endpoint.id);
    snprintf(duty->request.node.text, sizeof duty->request.node.text, "%s", duty->broadcast.text);
    letters_write(duty, &duty->request.value);
    request_start(duty, STORE_SHARE, HOOKS_KEEP_MS);
}

static void saved(struct duty *duty)
{
    if (duty->request.result == RESULT_OK) {
        duty_save(duty);
        return;
    }
    duty->places_dirty |= duty->request.op == STORE_PUT;
    duty->letters_dirty |= duty->request.op == STORE_SHARE;
    duty->hooks->config.clock->start(duty->hooks->config.clock, &duty->again, HOOKS_AGAIN_MS);
}

static void request_done(struct store_request *request)
{
    struct duty *duty = container_of(request, struct duty, request);
    duty->asking = false;
    if (duty->sink == NULL)
        duty_free(duty);
    else if (duty->state == DUTY_READY)
        saved(duty);
    else
        loaded(duty);
}

void duty_again(struct clock_timer *timer)
{
    struct duty *duty = container_of(timer, struct duty, again);
    if (duty->state == DUTY_READY)
        duty_save(duty);
    else
        duty_load(duty);
}
