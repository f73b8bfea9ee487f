/* tests/fuzz/journal.c - any bytes as an entry of an estimate log: what is read is written and read again the same. */
#include <string.h>

#include "ws/wire/journal_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct journal read, again;
    struct bytes written = {0}, rewritten = {0};
    if (journal_decode((const char *)data, size, &read) != RESULT_OK)
        return 0;
    MUST(read.seq == 0 && (size_t)read.kind < JOURNAL_KINDS);
    MUST(journal_encode(&read, &written) == RESULT_OK);
    MUST(journal_decode(written.data, written.len, &again) == RESULT_OK);
    MUST(journal_encode(&again, &rewritten) == RESULT_OK);
    MUST(written.len == rewritten.len && memcmp(written.data, rewritten.data, written.len) == 0);
    journal_finish(&read);
    journal_finish(&again);
    bytes_finish(&written);
    bytes_finish(&rewritten);
    return 0;
}
