#include "ws/wire/text_rule.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/must.h"

/* ---- UTF-8 (RFC 3629) ---- */

/* Of each lead byte: how many bytes follow, and the bounds of the first of them; they rule out what is overlong, a
 * surrogate or past the last code point. */
struct utf8_lead {
    unsigned char from, to, follow, min, max;
};
static const struct utf8_lead leads[] = {
    {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f},
    {0xee, 0xef, 2, 0x80, 0xbf}, {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

/* Bytes of the character at `at`; 0: none is there. */
static size_t utf8_len(const unsigned char *at, size_t room)
{
    if (at[0] < 0x80)
        return 1;
    for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
        const struct utf8_lead *lead = &leads[i];
        if (at[0] < lead->from || at[0] > lead->to)
            continue;
        if (room <= lead->follow || at[1] < lead->min || at[1] > lead->max)
            return 0;
        for (size_t k = 2; k <= lead->follow; k++)
            if ((at[k] & 0xc0) != 0x80)
                return 0;
        return lead->follow + 1u;
    }
    return 0;
}

bool utf8_is_valid(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t step = utf8_len((const unsigned char *)text + at, len - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

size_t utf8_cut(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

/* ---- rules ---- */

enum byte_class {
    CONTROL = BIT(0),
    BREAK = BIT(1),
    SPACE = BIT(2),
    SEPARATOR = BIT(3),
    UNSAFE = BIT(4),
    HIGH = BIT(5),
    NUL = BIT(6)
};

static unsigned byte_class(unsigned char c)
{
    if (c == '\0')
        return NUL;
    if (c == '\n' || c == '\r' || c == '\t')
        return BREAK;
    if (c < ' ' || c == 0x7f)
        return CONTROL;
    if (c == ' ')
        return SPACE;
    if (c == '|' || c == ',')
        return SEPARATOR;
    if (strchr("\"<>\\^`{}", c) != NULL)
        return UNSAFE;
    return c >= 0x80 ? HIGH : 0;
}

static const unsigned refused[] = {
    [TEXT_ANY] = NUL,
    [TEXT_LINES] = NUL | CONTROL,
    [TEXT_LINE] = NUL | CONTROL | BREAK,
    [TEXT_ASCII] = NUL | CONTROL | BREAK | SPACE | HIGH,
    [TEXT_REF] = NUL | CONTROL | BREAK | SPACE | HIGH | SEPARATOR,
    [TEXT_URL] = NUL | CONTROL | BREAK | SPACE | UNSAFE,
};

static bool url_begins_well(const char *text, size_t len)
{
    static const char *const beginnings[] = {"https://", "http://", "/"};
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
        size_t begin = strlen(beginnings[i]);
        if (len >= begin && strncasecmp(text, beginnings[i], begin) == 0)
            return true;
    }
    return len == 0;
}

bool text_obeys(enum text_rule rule, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((byte_class((unsigned char)text[i]) & refused[rule]) != 0)
            return false;
    if (rule == TEXT_URL && !url_begins_well(text, len))
        return false;
    return utf8_is_valid(text, len);
}

const char *text_rule_words(enum text_rule rule)
{
    static const char *const words[] = {
        [TEXT_ANY] = "UTF-8 text",
        [TEXT_LINES] = "text without control characters",
        [TEXT_LINE] = "one line of text without control characters",
        [TEXT_ASCII] = "visible ASCII without spaces",
        [TEXT_REF] = "visible ASCII without spaces, '|' and ','",
        [TEXT_URL] = "an address that begins with https://, http:// or /",
    };
    return words[rule];
}
