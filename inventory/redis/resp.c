#include "inventory/redis/resp.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void resp_begin(struct bytes *out, size_t words) { bytes_format(out, "*%zu\r\n", words); }

void resp_data(struct bytes *out, const void *data, size_t len)
{
    char head[32];
    int head_len = snprintf(head, sizeof head, "$%zu\r\n", len);
    bytes_append(out, head, (size_t)head_len);
    bytes_append(out, data, len);
    bytes_append(out, "\r\n", 2);
}

void resp_word(struct bytes *out, const char *text) { resp_data(out, text, strlen(text)); }

void resp_number(struct bytes *out, int64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRId64, number);
    resp_data(out, text, (size_t)len);
}

void resp_command(struct bytes *out, ...)
{
    size_t words = 0;
    va_list args;
    va_start(args, out);
    while (va_arg(args, const char *) != NULL)
        words++;
    va_end(args);
    resp_begin(out, words);
    va_start(args, out);
    for (size_t i = 0; i < words; i++)
        resp_word(out, va_arg(args, const char *));
    va_end(args);
}
