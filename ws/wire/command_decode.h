/* ws/wire/command_decode.h - bytes from a client to a validated struct command. Trusts nothing; fuzzed.
 * Unknown fields are ignored on the socket and refused over HTTP. */
#ifndef LIVESHELF_WS_WIRE_COMMAND_DECODE_H
#define LIVESHELF_WS_WIRE_COMMAND_DECODE_H

#include "core/broadcast/command.h"

struct decode_fault {
    enum error_code_of_decode { DECODE_BAD_REQUEST, DECODE_TOO_LARGE, DECODE_NOT_FOUND, DECODE_METHOD } code;
    char id[ID_LEN_MAX + 1]; /* the command's id when it could be read, for `re`; "" otherwise */
    char field[96];
    char detail[256];
};
#define WIRE_DEPTH_MAX 8

/* One text message of the socket. RESULT_OK; RESULT_MALFORMED with *ret_fault; RESULT_NOT_FOUND for a well-formed command of
 * an unknown type (*ret_fault has its id: the caller answers bad_request and does not count it as malformed). The
 * caller finishes *ret on RESULT_OK. */
MUST_USE enum result command_decode(const char *data, size_t len, struct command *ret, struct decode_fault *ret_fault);

/* One HTTP request under /v1 (without `live` and the event stream). `path` without query. `content_type` may be NULL. On
 * RESULT_MALFORMED the fault's code tells the status: DECODE_METHOD is a path that is there with other methods, which `detail`
 * lists ("PUT, GET", as the Allow header wants them). A run of show is let in as a document: scripts/load judges its cues. */
struct http_request_view {
    const char *method, *path, *content_type;
    const char *query; /* behind the "?"; NULL or "": none. Names that no route knows are let pass */
    const char *body;
    size_t body_len;
};
MUST_USE enum result request_decode(const struct http_request_view *r, struct command *ret,
                                    struct decode_fault *ret_fault);

/* Holds for every command the decoders let in; used by fuzz targets and contract tests. */
bool command_is_valid(const struct command *c);

#endif
