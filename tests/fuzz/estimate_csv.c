/* tests/fuzz/estimate_csv.c - any bytes as the document that a table is made of: a table whole, or none; each row of 17 cells. */
#include <stdlib.h>
#include <string.h>

#include "ws/wire/estimate_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS 17

/* Returns where the next row begins. */
static const char *row_check(const char *at)
{
    unsigned cells = 1;
    bool quoted = false;
    for (; quoted || strncmp(at, "\r\n", 2) != 0; at++) {
        MUST(*at != '\0');
        quoted = quoted != (*at == '"');
        cells += !quoted && *at == ',';
    }
    MUST(cells == COLUMNS);
    return at + 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes out = {0};
    bytes_text(&out, "x");
    if (estimate_csv(&out, (const char *)data, size) != RESULT_OK) {
        MUST(out.len == 1);
    } else if (!out.failed && memchr(out.data, '\0', out.len) == NULL) {
        for (const char *at = out.data + 1; *at != '\0';)
            at = row_check(at);
    }
    bytes_finish(&out);
    return 0;
}
