/* tests/fuzz/catalogue_csv.c - any bytes as a product feed: what is let in is a valid catalogue, and what is refused names a
 * row. */
#include <string.h>

#include "ws/wire/catalogue_csv.h"
#include "ws/wire/text_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct command c = {.kind = COMMAND_CATALOGUE_PUT};
    struct decode_fault fault;
    if (catalogue_csv_decode((const char *)data, size, &c.products, &c.products_count, &fault) == RESULT_OK) {
        MUST(command_is_valid(&c));
        command_finish(&c);
        return 0;
    }
    MUST(fault.code == DECODE_BAD_REQUEST && strncmp(fault.field, "row[", 4) == 0);
    MUST(strncmp(fault.detail, "row ", 4) == 0 && utf8_is_valid(fault.detail, strlen(fault.detail)));
    return 0;
}
