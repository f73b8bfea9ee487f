/* ws/wire/text_rule.h - what foreign text may hold, one rule per kind of text. Lengths are bytes. */
#ifndef LIVESHELF_WS_WIRE_TEXT_RULE_H
#define LIVESHELF_WS_WIRE_TEXT_RULE_H

#include <stdbool.h>
#include <stddef.h>

enum text_rule {
    TEXT_ANY,   /* UTF-8 without NUL; the other rules include this one */
    TEXT_LINES, /* no control characters but line ends and tabs */
    TEXT_LINE,  /* no control characters at all */
    TEXT_ASCII, /* visible ASCII, no space */
    TEXT_REF,   /* the same without '|' and ',': it is written into ledger lines */
    TEXT_URL,   /* empty, http(s)://..., or /...: never a scheme that a browser would run */
};
bool text_obeys(enum text_rule rule, const char *text, size_t len);
/* For people: "must be ..." without the "must be". */
const char *text_rule_words(enum text_rule rule);

bool utf8_is_valid(const char *text, size_t len); /* no overlong forms, surrogates or code points past U+10FFFF */
/* The longest part of at most `max` bytes that does not cut a character. */
size_t utf8_cut(const char *text, size_t len, size_t max);

#endif
