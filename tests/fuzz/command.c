/* tests/fuzz/command.c - any bytes as a message of the socket: what is let in is valid, and what is refused says why in text
 * that can be sent on. */
#include <stdlib.h>
#include <string.h>

#include "ws/wire/command_decode.h"
#include "ws/wire/command_plain.h"
#include "ws/wire/text_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the quick reader takes is what the tables make of it: a list that nobody asked for sends the same message past it. */
static void compare_plain(const char *data, size_t size)
{
    static const char list[] = ",\"zz\":[]}";
    struct command plain, whole;
    struct decode_fault fault;
    if (!command_plain(data, size, &plain))
        return;
    char *longer = malloc(size + sizeof list);
    MUST(longer != NULL);
    const char *end = data + size;
    while (*--end != '}')
        ;
    size_t body = (size_t)(end - data);
    memcpy(longer, data, body);
    memcpy(longer + body, list, sizeof list - 1);
    MUST(command_decode(longer, body + sizeof list - 1, &whole, &fault) == RESULT_OK);
    MUST(command_is_valid(&plain) && plain.kind == whole.kind && id_equal(plain.id, whole.id));
    MUST(plain.playing_ms == whole.playing_ms && plain.hello.has_resume == whole.hello.has_resume);
    MUST(plain.hello.resume_seq == whole.hello.resume_seq &&
         ID_EQUAL(plain.hello.resume_epoch, whole.hello.resume_epoch));
    MUST(strcmp(plain.hello.viewer_key, whole.hello.viewer_key) == 0);
    MUST(strcmp(plain.hello.locale, whole.hello.locale) == 0 && strcmp(plain.hello.src, whole.hello.src) == 0);
    MUST((plain.hello.token == NULL) == (whole.hello.token == NULL));
    MUST(plain.hello.token == NULL || strcmp(plain.hello.token, whole.hello.token) == 0);
    command_finish(&plain);
    command_finish(&whole);
    free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct command c;
    struct decode_fault fault;
    compare_plain((const char *)data, size);
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
