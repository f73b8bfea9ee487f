/* loadtest/client/load_peek.c - the few members everybody looks at, by one pass over the text. A tree per message and viewer
 * would make the load generator the slowest thing it measures. */
#include <stdlib.h>
#include <string.h>

#include "loadtest/client/load_client.h"

struct scan {
    const char *at, *end;
    bool inside; /* behind a member: a comma comes first */
};

static void scan_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
}

static bool scan_text(struct scan *s) /* at the opening quote; ends behind the closing one */
{
    for (s->at++; s->at < s->end; s->at++) {
        if (*s->at == '\\')
            s->at++;
        else if (*s->at == '"') {
            s->at++;
            return true;
        }
    }
    return false;
}

static bool scan_nested(struct scan *s)
{
    for (int depth = 0; s->at < s->end;) {
        char c = *s->at;
        if (c == '"') {
            if (!scan_text(s))
                return false;
            continue;
        }
        s->at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return true;
    }
    return false;
}

static bool scan_value(struct scan *s, const char **ret, size_t *ret_len)
{
    scan_space(s);
    *ret = s->at;
    if (s->at >= s->end)
        return false;
    bool whole = true;
    if (*s->at == '"')
        whole = scan_text(s);
    else if (*s->at == '{' || *s->at == '[')
        whole = scan_nested(s);
    else
        while (s->at < s->end && strchr(",}] \n\t\r", *s->at) == NULL)
            s->at++;
    *ret_len = (size_t)(s->at - *ret);
    return whole && *ret_len > 0;
}

/* The next member of an object; `s` stands behind `{` or a value. False at the end or on a fault. */
static bool scan_member(struct scan *s, const char **name, size_t *name_len, const char **value, size_t *value_len)
{
    scan_space(s);
    if (s->inside) {
        if (s->at >= s->end || *s->at != ',')
            return false;
        s->at++;
        scan_space(s);
    }
    s->inside = true;
    if (s->at >= s->end || *s->at != '"')
        return false;
    *name = s->at + 1;
    if (!scan_text(s))
        return false;
    *name_len = (size_t)(s->at - 1 - *name);
    scan_space(s);
    if (s->at >= s->end || *s->at != ':')
        return false;
    s->at++;
    return scan_value(s, value, value_len);
}

bool load_is(const char *text, size_t len, const char *word)
{
    return text != NULL && strlen(word) == len && memcmp(text, word, len) == 0;
}

static void peek_member(struct load_peek *p, const char *name, size_t len, const char *value, size_t value_len)
{
    bool text = *value == '"';
    const char *inner = value + text;
    size_t inner_len = value_len - 2 * (size_t)text;
    if (load_is(name, len, "t") && text) {
        p->t = inner;
        p->t_len = inner_len;
    } else if (load_is(name, len, "re") && text) {
        p->re = inner;
        p->re_len = inner_len;
    } else if (load_is(name, len, "epoch") && text) {
        p->epoch = inner;
        p->epoch_len = inner_len;
    } else if (load_is(name, len, "seq")) {
        p->has_seq = true;
        p->seq = strtoll(value, NULL, 10);
    } else if (load_is(name, len, "ms")) {
        p->ms = strtoll(value, NULL, 10);
    } else if (load_is(name, len, "recovered")) {
        p->recovered = load_is(value, value_len, "true");
    } else if (load_is(name, len, "d")) {
        p->d = value;
        p->d_len = value_len;
    }
}

enum result load_peek(const char *text, size_t len, struct load_peek *ret)
{
    struct scan s = {.at = text, .end = text + len};
    const char *name, *value;
    size_t name_len, value_len;
    *ret = (struct load_peek){0};
    scan_space(&s);
    if (s.at >= s.end || *s.at != '{' || text[len - 1] != '}')
        return RESULT_MALFORMED;
    s.at++;
    while (scan_member(&s, &name, &name_len, &value, &value_len))
        peek_member(ret, name, name_len, value, value_len);
    scan_space(&s);
    return s.at < s.end && *s.at == '}' && ret->t != NULL ? RESULT_OK : RESULT_MALFORMED;
}

/* An answer is one viewer's own: keeping it would only push out what all get. */
static bool is_for_all(const struct load_peek *p) { return p->re == NULL; }

enum result load_peek_seen(struct load_set *s, const char *text, size_t len, struct load_peek *ret)
{
    for (size_t i = 0; i < LOAD_SEEN; i++) {
        struct load_seen *seen = &s->seen[i];
        if (seen->len == len && memcmp(seen->text, text, len) == 0) {
            *ret = seen->peek;
            return RESULT_OK;
        }
    }
    enum result result = load_peek(text, len, ret);
    if (result != RESULT_OK || len > LOAD_SEEN_BYTES || !is_for_all(ret))
        return result;
    struct load_seen *seen = &s->seen[s->seen_next++ % LOAD_SEEN];
    memcpy(seen->text, text, len);
    seen->len = len;
    return load_peek(seen->text, len, &seen->peek); /* its texts lie in the copy */
}

bool load_find(const char *text, size_t len, const char *name, const char **ret, size_t *ret_len)
{
    struct scan s = {.at = text, .end = text + len};
    const char *found;
    size_t found_len;
    scan_space(&s);
    if (s.at >= s.end || *s.at != '{')
        return false;
    s.at++;
    while (scan_member(&s, &found, &found_len, ret, ret_len))
        if (load_is(found, found_len, name))
            return true;
    return false;
}
