/* What strangers write before they are anybody: tokens, viewer keys, checkout links, forwarded addresses, origins, encodings. The
 * first byte chooses the reader. Nothing here is signed by us, so nothing may be taken. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ws/lws/auth.h"
#include "ws/lws/guard.h"
#include "ws/lws/static.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct auth *auth_for_fuzzing(void)
{
    static struct auth *auth;
    char path[] = "/tmp/liveshelf-fuzz-XXXXXX";
    struct auth_fault fault;
    if (auth != NULL)
        return auth;
    int fd = mkstemp(path);
    MUST(fd >= 0 && write(fd, "a key that no fuzzer guesses, ever", 34) == 34);
    close(fd);
    MUST(auth_create(&(struct auth_config){.key_file = path}, &auth, &fault) == RESULT_OK);
    unlink(path);
    return auth;
}

static void forwarded(const char *text)
{
    struct guard guard;
    struct address *address = NULL;
    struct sockaddr_storage peer = {0};
    ((struct sockaddr_in *)&peer)->sin_family = AF_INET;
    ((struct sockaddr_in *)&peer)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    MUST(guard_init(&guard, &net_limits_default, "https://shop.example") == RESULT_OK);
    MUST(guard_enter(&guard, &peer, text, &address) == RESULT_OK);
    if (address != NULL)
        guard_leave(address);
    guard_finish(&guard);
}

static void origin(const char *text)
{
    struct guard guard;
    MUST(guard_init(&guard, &net_limits_default, "https://shop.example,http://127.0.0.1") == RESULT_OK);
    if (guard_lists_origin(&guard, text))
        MUST(strcasecmp(text, "https://shop.example") == 0 || strcasecmp(text, "http://127.0.0.1") == 0);
    (void)guard_allows_origin(&guard, text, "live.example");
    guard_finish(&guard);
}

static void encoding(const char *text)
{
    static char bytes[1];
    struct static_file file = {0};
    file.as[STATIC_PLAIN].data = file.as[STATIC_GZIP].data = file.as[STATIC_BROTLI].data = bytes;
    MUST(static_choose(&file, text) < STATIC_ENCODINGS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct auth_claims claims;
    struct viewer_id viewer;
    struct checkout_terms terms;
    struct shop_id shop = {.text = "demo"};
    char *text = size == 0 ? NULL : calloc(1, size); /* the input ends without a NUL */
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    switch (data[0] % 6) {
    case 0:
        MUST(auth_verify(auth_for_fuzzing(), text, 0, &claims) == AUTH_BAD);
        break;
    case 1:
        MUST(!auth_viewer_known(auth_for_fuzzing(), &shop, text, &viewer));
        break;
    case 2:
        MUST(auth_checkout_verify(auth_for_fuzzing(), text, &terms) == RESULT_MALFORMED);
        break;
    case 3:
        forwarded(text);
        break;
    case 4:
        origin(text);
        break;
    default:
        encoding(text);
        break;
    }
    free(text);
    return 0;
}
