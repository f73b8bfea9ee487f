/* app/token.h - making tokens: for `liveshelf token`, and for the demo's links. */
#ifndef LIVESHELF_APP_TOKEN_H
#define LIVESHELF_APP_TOKEN_H

#include "app/config.h"
#include "ws/lws/auth.h"

MUST_USE enum result token_mint(const struct config *c, const struct auth_mint *m, struct bytes *out,
                                struct fault *fault);
MUST_USE enum result token_role(const char *word, enum role *ret); /* "viewer", "host", "logistics", "integrator" */
MUST_USE enum result token_ttl(const char *word, int64_t *ret_ms); /* "90s", "30m", "8h", "7d" */

#endif
