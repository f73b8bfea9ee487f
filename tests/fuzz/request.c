/* tests/fuzz/request.c - any bytes as an HTTP request: a line "METHOD PATH?QUERY CONTENT-TYPE", then the body. What is let in is
 * valid, and what is refused says why in text that can be sent on. */
#include <stdlib.h>
#include <string.h>

#include "ws/wire/command_decode.h"
#include "ws/wire/text_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD_MAX 512

static void check(const struct http_request_view *r)
{
    struct command c;
    struct decode_fault fault;
    if (request_decode(r, &c, &fault) == RESULT_OK) {
        MUST(command_is_valid(&c));
        MUST(c.id[0] == '\0');
        command_finish(&c);
        return;
    }
    MUST(fault.code <= DECODE_METHOD);
    MUST(fault.detail[0] != '\0' && strlen(fault.detail) < sizeof fault.detail);
    MUST(utf8_is_valid(fault.detail, strlen(fault.detail)) && utf8_is_valid(fault.field, strlen(fault.field)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char head[HEAD_MAX + 1];
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
    size_t head_len = end == NULL ? size : (size_t)(end - data);
    if (head_len > HEAD_MAX)
        return 0;
    if (head_len > 0)
        memcpy(head, data, head_len);
    head[head_len] = '\0';
    char *path = head + strcspn(head, " ");
    if (*path != '\0')
        *path++ = '\0';
    char *type = path + strcspn(path, " ");
    if (*type != '\0')
        *type++ = '\0';
    char *query = path + strcspn(path, "?");
    if (*query != '\0')
        *query++ = '\0';
    struct http_request_view r = {
        .method = head, .path = path, .query = query, .content_type = *type == '\0' ? NULL : type};
    if (end != NULL) {
        r.body = (const char *)end + 1;
        r.body_len = size - head_len - 1;
    }
    check(&r);
    return 0;
}
