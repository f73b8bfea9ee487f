/* ws/lws/refusal.h - "not now": the whole HTTP answer to who may not come in, the same bytes whoever sends it. Pure. */
#ifndef LIVESHELF_WS_LWS_REFUSAL_H
#define LIVESHELF_WS_LWS_REFUSAL_H

#include "base/bytes.h"
#include "core/broadcast/outcome.h"

#define REFUSAL_BYTES_MAX 1536
#define REFUSAL_MANY "Very many are coming in. You are in line: come back when retry_after_ms is over."

struct refusal_said {
    enum error_code code;   /* ERROR_OVERLOADED: 503; ERROR_RATE_LIMITED: 429 */
    const char *detail;     /* for a person; names the limit, when it is a setting */
    int64_t retry_after_ms; /* > 0 */
    const char *origin;     /* of a listed page that may read the answer; "": of none */
};
/* Head and body, with `Connection: close`. 0: no memory. */
size_t refusal_write(const struct refusal_said *said, char ret[REFUSAL_BYTES_MAX]);

#endif
