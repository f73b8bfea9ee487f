/* tests/fuzz/command.c - any bytes as a message of the socket: what is let in is valid, and what is refused says why in text
 * that can be sent on. */
#include <string.h>

#include "ws/wire/command_decode.h"
#include "ws/wire/text_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct command c;
    struct decode_fault fault;
    enum result result = command_decode((const char *)data, size, &c, &fault);
    if (result == RESULT_OK) {
        MUST(command_is_valid(&c));
        MUST(id_is_valid(c.id, strlen(c.id)) && id_equal(c.id, fault.id));
        command_finish(&c);
        return 0;
    }
    MUST(result == RESULT_MALFORMED || result == RESULT_NOT_FOUND);
    MUST(fault.detail[0] != '\0' && strlen(fault.detail) < sizeof fault.detail);
    MUST(utf8_is_valid(fault.detail, strlen(fault.detail)) && utf8_is_valid(fault.field, strlen(fault.field)));
    MUST(fault.id[0] == '\0' || id_is_valid(fault.id, strlen(fault.id)));
    return 0;
}
