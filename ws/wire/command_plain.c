#include "ws/wire/command_plain.h"

#include <stdlib.h>
#include <string.h>

#include "ws/wire/limits.h"

#define FIELDS_MAX 16
#define DIGITS_MAX 15 /* any such number is exact as a double, and allowed */
#define OUTSIDE (-1)

/* ---- the form ---- */

struct text {
    const char *at;
    size_t len;
};
struct field {
    struct text name;
    enum { FIELD_TEXT, FIELD_WHOLE, FIELD_OBJECT } kind;
    struct text text;
    uint64_t whole;
    int inside; /* index of the field whose object it stands in; OUTSIDE: the message itself */
};
struct plain {
    const char *at, *end;
    struct field fields[FIELDS_MAX];
    int count;
};

static bool object_read(struct plain *p, int inside);

static void space_skip(struct plain *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
        p->at++;
}

static bool char_read(struct plain *p, char c)
{
    space_skip(p);
    if (p->at == p->end || *p->at != c)
        return false;
    p->at++;
    return true;
}

static bool text_read(struct plain *p, struct text *ret)
{
    if (!char_read(p, '"'))
        return false;
    const char *from = p->at;
    while (p->at < p->end && *p->at >= ' ' && *p->at < 0x7f && *p->at != '"' && *p->at != '\\')
        p->at++;
    *ret = (struct text){.at = from, .len = (size_t)(p->at - from)};
    return p->at < p->end && *p->at++ == '"';
}

static bool whole_read(struct plain *p, uint64_t *ret)
{
    const char *from = p->at;
    uint64_t whole = 0;
    while (p->at < p->end && *p->at >= '0' && *p->at <= '9' && p->at - from <= DIGITS_MAX)
        whole = 10 * whole + (uint64_t)(*p->at++ - '0');
    *ret = whole;
    return p->at - from <= DIGITS_MAX && (*from != '0' || p->at - from == 1);
}

static bool value_read(struct plain *p, int index)
{
    struct field *f = &p->fields[index];
    space_skip(p);
    if (p->at == p->end)
        return false;
    if (*p->at == '"') {
        f->kind = FIELD_TEXT;
        return text_read(p, &f->text);
    }
    if (*p->at >= '0' && *p->at <= '9') {
        f->kind = FIELD_WHOLE;
        return whole_read(p, &f->whole);
    }
    f->kind = FIELD_OBJECT;
    return f->inside == OUTSIDE && object_read(p, index);
}

static bool text_equal(const struct text *a, const struct text *b)
{
    return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

static bool name_is_new(const struct plain *p, int index)
{
    for (int i = 0; i < index; i++)
        if (p->fields[i].inside == p->fields[index].inside && text_equal(&p->fields[i].name, &p->fields[index].name))
            return false;
    return true;
}

static bool object_read(struct plain *p, int inside)
{
    if (!char_read(p, '{'))
        return false;
    if (char_read(p, '}'))
        return true;
    do {
        if (p->count == FIELDS_MAX)
            return false;
        int index = p->count++;
        p->fields[index] = (struct field){.inside = inside};
        if (!text_read(p, &p->fields[index].name) || !name_is_new(p, index) || !char_read(p, ':') ||
            !value_read(p, index))
            return false;
    } while (char_read(p, ','));
    return char_read(p, '}');
}

static bool message_read(struct plain *p)
{
    if (!object_read(p, OUTSIDE))
        return false;
    space_skip(p);
    return p->at == p->end;
}

/* ---- the content ---- */

static const struct field *field_find(const struct plain *p, int inside, const char *name)
{
    struct text wanted = {.at = name, .len = strlen(name)};
    for (int i = 0; i < p->count; i++)
        if (p->fields[i].inside == inside && text_equal(&p->fields[i].name, &wanted))
            return &p->fields[i];
    return NULL;
}

static bool id_take(const struct plain *p, int inside, const char *name, char ret[ID_LEN_MAX + 1])
{
    const struct field *f = field_find(p, inside, name);
    return f != NULL && f->kind == FIELD_TEXT && id_parse(ret, f->text.at, f->text.len) == RESULT_OK;
}

static bool whole_take(const struct plain *p, int inside, const char *name, uint64_t *ret)
{
    const struct field *f = field_find(p, inside, name);
    if (f == NULL || f->kind != FIELD_WHOLE)
        return false;
    *ret = f->whole;
    return true;
}

static bool has_space(const struct text *text) { return memchr(text->at, ' ', text->len) != NULL; }

/* `ret` stays as it is when the message has no such field. */
static bool text_take(const struct plain *p, const char *name, bool spaces, char *ret, size_t max)
{
    const struct field *f = field_find(p, OUTSIDE, name);
    if (f == NULL)
        return true;
    if (f->kind != FIELD_TEXT || f->text.len > max || (!spaces && has_space(&f->text)))
        return false;
    memcpy(ret, f->text.at, f->text.len);
    ret[f->text.len] = '\0';
    return true;
}

static bool resume_take(const struct plain *p, struct command *c)
{
    const struct field *f = field_find(p, OUTSIDE, "resume");
    if (f == NULL)
        return true;
    c->hello.has_resume = true;
    int inside = (int)(f - p->fields);
    return f->kind == FIELD_OBJECT && id_take(p, inside, "epoch", c->hello.resume_epoch.text) &&
           whole_take(p, inside, "seq", &c->hello.resume_seq);
}

static bool hello_take(const struct plain *p, struct command *c)
{
    const struct field *token = field_find(p, OUTSIDE, "token");
    if (token == NULL || token->kind != FIELD_TEXT || token->text.len == 0 || token->text.len > TOKEN_LEN_MAX ||
        has_space(&token->text) || !text_take(p, "viewer_key", false, c->hello.viewer_key, VIEWER_KEY_LEN_MAX) ||
        !text_take(p, "locale", false, c->hello.locale, LOCALE_LEN_MAX) ||
        !text_take(p, "src", true, c->hello.src, SRC_LEN_MAX) || !resume_take(p, c))
        return false;
    c->hello.token = calloc(token->text.len + 1, 1); /* not strndup: sanitizers think that it reads to a NUL */
    if (c->hello.token == NULL)
        return false;
    memcpy(c->hello.token, token->text.at, token->text.len);
    return true;
}

static bool clock_take(const struct plain *p, struct command *c)
{
    uint64_t playing_ms = 0;
    if (!whole_take(p, OUTSIDE, "playing_ms", &playing_ms))
        return false;
    c->playing_ms = (int64_t)playing_ms;
    return true;
}

static bool kind_is(const struct plain *p, enum command_kind kind)
{
    const struct field *t = field_find(p, OUTSIDE, "t");
    struct text name = {.at = command_kind_name(kind), .len = strlen(command_kind_name(kind))};
    return t != NULL && t->kind == FIELD_TEXT && text_equal(&t->text, &name);
}

bool command_plain(const char *data, size_t len, struct command *ret)
{
    struct plain p = {.at = data, .end = data + len};
    struct command c = {0};
    if (!message_read(&p))
        return false;
    bool is_hello = kind_is(&p, COMMAND_HELLO), is_clock = !is_hello && kind_is(&p, COMMAND_CLOCK);
    c.kind = is_hello ? COMMAND_HELLO : COMMAND_CLOCK;
    if ((!is_hello && !is_clock) || !id_take(&p, OUTSIDE, "id", c.id) ||
        !(is_hello ? hello_take(&p, &c) : clock_take(&p, &c)))
        return false;
    *ret = c;
    return true;
}
