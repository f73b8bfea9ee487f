/* The first bytes of a socket, before anybody else has seen them. What is taken for ours is whole, and what is said again of it in an
 * answer is one printable word. */
#include <stdlib.h>
#include <string.h>

#include "ws/lws/live_head.h"
#include "ws/lws/refusal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct live_head head;
    char *exact = calloc(1, size == 0 ? 1 : size); /* nothing behind it may be read */
    if (exact == NULL)
        return 0;
    if (size > 0)
        memcpy(exact, data, size);
    live_head_read(exact, size, &head);
    MUST(head.kind == LIVE_HEAD_OTHER ||
         (size > 4 && memcmp(exact, "GET ", 4) == 0 && memcmp(exact + size - 4, "\r\n\r\n", 4) == 0));
    MUST(strpbrk(head.origin, " \r\n\t") == NULL && strlen(head.origin) <= ORIGIN_LEN_MAX);
    char answer[REFUSAL_BYTES_MAX];
    struct refusal_said said = {.code = ERROR_OVERLOADED, .detail = "", .retry_after_ms = 1, .origin = head.origin};
    MUST(refusal_write(&said, answer) > 0);
    free(exact);
    return 0;
}
