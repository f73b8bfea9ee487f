#include "ws/lws/live_head.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/types.h"

struct text { /* not ended by a NUL */
    const char *at;
    size_t len;
};

static bool take(struct text *t, const char *word)
{
    size_t len = strlen(word);
    if (t->len < len || memcmp(t->at, word, len) != 0)
        return false;
    *t = (struct text){.at = t->at + len, .len = t->len - len};
    return true;
}

/* Up to the next line end, which is passed. */
static bool take_line(struct text *t, struct text *ret)
{
    const char *end = memchr(t->at, '\r', t->len);
    size_t len = end == NULL ? t->len : (size_t)(end - t->at);
    if (len + 2 > t->len || end[1] != '\n')
        return false;
    *ret = (struct text){.at = t->at, .len = len};
    *t = (struct text){.at = t->at + len + 2, .len = t->len - len - 2};
    return true;
}

static bool is_word(struct text t, const char *word)
{
    return t.len == strlen(word) && strncasecmp(t.at, word, t.len) == 0;
}

static bool read_target(struct text *t)
{
    struct text line;
    struct broadcast_id broadcast;
    if (!take(t, "GET /v1/broadcasts/") || !take_line(t, &line))
        return false;
    const char *slash = memchr(line.at, '/', line.len);
    size_t id_len = slash == NULL ? 0 : (size_t)(slash - line.at);
    struct text rest = {.at = line.at + id_len, .len = line.len - id_len};
    return slash != NULL && ID_PARSE(&broadcast, line.at, id_len) == RESULT_OK && is_word(rest, "/live HTTP/1.1");
}

static struct text trimmed(struct text t)
{
    while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t'))
        t = (struct text){.at = t.at + 1, .len = t.len - 1};
    while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
        t.len--;
    return t;
}

static bool is_printable(struct text t) /* what is said again in the answer ends no line there */
{
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] <= ' ' || t.at[i] > '~')
            return false;
    }
    return true;
}

/* Said twice, too long, or with an end inside: not ours to read. */
static bool take_value(struct text value, char *ret, size_t len_max)
{
    if (ret[0] != '\0' || value.len > len_max || memchr(value.at, '\0', value.len) != NULL)
        return false;
    memcpy(ret, value.at, value.len);
    ret[value.len] = '\0';
    return true;
}

/* False: with this header it is no question and no plain upgrade. */
static bool read_header(struct text line, struct live_head *ret)
{
    const char *colon = memchr(line.at, ':', line.len);
    if (colon == NULL)
        return false;
    struct text name = {.at = line.at, .len = (size_t)(colon - line.at)};
    struct text value = trimmed((struct text){.at = colon + 1, .len = line.len - name.len - 1});
    if (is_word(name, "upgrade")) {
        bool first = ret->kind == LIVE_HEAD_QUESTION;
        ret->kind = LIVE_HEAD_UPGRADE;
        return first && is_word(value, "websocket");
    }
    if (is_word(name, "origin"))
        return is_printable(value) && take_value(value, ret->origin, ORIGIN_LEN_MAX);
    if (is_word(name, "x-forwarded-for"))
        return take_value(value, ret->forwarded_for, LIVE_HEAD_FORWARDED_MAX);
    return !is_word(name, "authorization") && !is_word(name, "content-length") && !is_word(name, "transfer-encoding") &&
           !is_word(name, "expect");
}

void live_head_read(const char *data, size_t len, struct live_head *ret)
{
    struct text left = {.at = data, .len = len}, line = {0};
    bool plain = read_target(&left);
    *ret = (struct live_head){.kind = LIVE_HEAD_QUESTION};
    while (plain && (plain = take_line(&left, &line)) && line.len > 0)
        plain = read_header(line, ret);
    if (!plain || left.len > 0)
        *ret = (struct live_head){.kind = LIVE_HEAD_OTHER};
}
