/* tests/fuzz/event_codec.c - any bytes as an entry of a log: what is read is written and read again the same. */
#include <string.h>

#include "ws/wire/event_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event read, again;
    struct bytes written = {0}, rewritten = {0};
    if (event_decode((const char *)data, size, &read) != RESULT_OK)
        return 0;
    MUST(read.seq == 0 && (size_t)read.kind < EVENT_KINDS);
    MUST(event_encode(&read, &written) == RESULT_OK);
    MUST(event_decode(written.data, written.len, &again) == RESULT_OK);
    MUST(event_encode(&again, &rewritten) == RESULT_OK);
    MUST(written.len == rewritten.len && memcmp(written.data, rewritten.data, written.len) == 0);
    event_finish(&read);
    event_finish(&again);
    bytes_finish(&written);
    bytes_finish(&rewritten);
    return 0;
}
