#include "ws/wire/json_out.h"

/* What must be escaped: quote, backslash, control characters. Everything else goes through, UTF-8 included. */
static bool is_plain(unsigned char c) { return c >= ' ' && c != '"' && c != '\\'; }

static const char short_escapes[] = {
    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\',
};

static void escape(struct json_out *o, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    char short_one = c < sizeof short_escapes ? short_escapes[c] : '\0';
    if (short_one != '\0') {
        json_out_bytes(o, (const char[]){'\\', short_one}, 2);
        return;
    }
    json_out_bytes(o, (const char[]){'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6);
}

/* Eight bytes at once: is any of them to be escaped? (Each test sets the high bit of the bytes it finds. Bytes from 0x80
 * on are neither, whatever their low bits: hence the last mask.) */
static bool word_is_plain(const char *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
    uint64_t w;
    memcpy(&w, at, sizeof w);
    uint64_t quote = w ^ (ones * '"'), backslash = w ^ (ones * '\\');
    uint64_t found = (w - ones * ' ') | (quote - ones) | (backslash - ones);
    return (found & ~w & high) == 0;
}

static size_t plain_len(const char *text, size_t len)
{
    size_t at = 0;
    while (at + 8 <= len && word_is_plain(text + at))
        at += 8;
    while (at < len && is_plain((unsigned char)text[at]))
        at++;
    return at;
}

void json_out_bytes(struct json_out *o, const char *data, size_t len)
{
    if (len > JSON_OUT_CHUNK - o->len) {
        json_out_flush(o);
        if (len > JSON_OUT_CHUNK) {
            bytes_append(o->to, data, len);
            return;
        }
    }
    memcpy(o->chunk + o->len, data, len);
    o->len += len;
}

void json_out_text(struct json_out *o, const char *text, size_t len)
{
    json_out_bytes(o, "\"", 1);
    for (size_t at = 0; at < len; at++) {
        size_t plain = plain_len(text + at, len - at);
        json_out_bytes(o, text + at, plain);
        at += plain;
        if (at < len)
            escape(o, (unsigned char)text[at]);
    }
    json_out_bytes(o, "\"", 1);
}

void json_out_whole(struct json_out *o, bool negative, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    if (negative)
        o->chunk[o->len++] = '-';
    json_out_bytes(o, digits + at, sizeof digits - at);
}
