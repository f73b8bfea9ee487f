#include "ws/lws/text64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void text64_encode(const unsigned char *data, size_t len, char *ret)
{
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < len; i++) {
        held = held << 8 | data[i];
        for (bits += 8; bits >= 6; bits -= 6)
            *ret++ = alphabet[held >> (bits - 6) & 63];
    }
    if (bits > 0)
        *ret++ = alphabet[held << (6 - bits) & 63];
    *ret = '\0';
}

enum result text64_decode(const char *text, size_t len, unsigned char *ret, size_t max, size_t *ret_len)
{
    unsigned held = 0, bits = 0;
    size_t written = 0;
    for (size_t i = 0; i < len; i++) {
        const char *at = text[i] == '\0' ? NULL : strchr(alphabet, text[i]);
        if (at == NULL)
            return RESULT_MALFORMED;
        held = held << 6 | (unsigned)(at - alphabet);
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        if (written == max)
            return RESULT_MALFORMED;
        ret[written++] = (unsigned char)(held >> bits);
    }
    *ret_len = written;
    return RESULT_OK;
}
