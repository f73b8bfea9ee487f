#include "ws/lws/refusal.h"

#include <stdio.h>
#include <string.h>

#include "ws/wire/message.h"

#define ORIGIN_HEADERS                                                                                                 \
    "Access-Control-Allow-Origin: %s\r\nAccess-Control-Expose-Headers: Retry-After\r\nVary: Origin\r\n"

size_t refusal_write(const struct refusal_said *said, char ret[REFUSAL_BYTES_MAX])
{
    char origin[384] = "";
    struct bytes body = {0};
    int status = http_problem(&body, said->code, NULL, said->detail, said->retry_after_ms);
    if (said->origin[0] != '\0')
        snprintf(origin, sizeof origin, ORIGIN_HEADERS, said->origin);
    int len = body.failed ? -1
                          : snprintf(ret, REFUSAL_BYTES_MAX,
                                     "HTTP/1.1 %d %s\r\n"
                                     "Content-Type: application/problem+json\r\n"
                                     "Content-Length: %zu\r\n"
                                     "Cache-Control: no-store\r\n"
                                     "Retry-After: %lld\r\n"
                                     "%s"
                                     "Connection: close\r\n\r\n"
                                     "%s",
                                     status, status == 429 ? "Too Many Requests" : "Service Unavailable", body.len,
                                     (long long)(said->retry_after_ms + 999) / 1000, origin, body.data);
    bytes_finish(&body);
    return len < 0 || len >= REFUSAL_BYTES_MAX ? 0 : (size_t)len;
}
