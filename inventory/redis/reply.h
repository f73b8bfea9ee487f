/* inventory/redis/reply.h - what ls_exec answers, as fields of the requests. */
#ifndef LIVESHELF_INVENTORY_REDIS_REPLY_H
#define LIVESHELF_INVENTORY_REDIS_REPLY_H

#include <hiredis/hiredis.h>

#include "core/ports/inventory.h"

/* One operation's answer as a text: fills answer, fault_line, ahead, hold, count. RESULT_MALFORMED: the request is unchanged. */
MUST_USE enum result reply_answer_parse(const char *text, size_t len, struct inventory_request *request);
/* The same, as a number: 0 of a reserve that was done at `now_ms`, otherwise 16 * answer + the line refused. */
MUST_USE enum result reply_number_parse(int64_t number, int64_t now_ms, struct inventory_request *request);

/* The whole reply of a call with `count` operations, whose slots may be NULL (nobody waits any more). Sets `result` of
 * each request: RESULT_OK, or RESULT_NO_ANSWER where its part cannot be read. RESULT_MALFORMED: none was touched. */
MUST_USE enum result reply_parse(const redisReply *reply, struct inventory_request *const *requests, size_t count);

/* An error reply that says "not now, nothing was done": the same bytes may be sent again. */
bool reply_error_passes(const char *error);
/* One that says "nothing was done, nor will it be". */
bool reply_error_refuses(const char *error);

#endif
