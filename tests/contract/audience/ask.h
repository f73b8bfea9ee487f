/* tests/contract/audience/ask.h - one HTTP request after the other on a peer's socket. */
#ifndef LIVESHELF_TESTS_CONTRACT_AUDIENCE_ASK_H
#define LIVESHELF_TESTS_CONTRACT_AUDIENCE_ASK_H

#include "tests/contract/audience/peer.h"

#define HOUR_MS 3600000

/* `headers`: whole lines. `body` NULL: none, otherwise JSON. The head of the answer, and its body in *ret_body (may be NULL), freed
 * by the caller. */
char *ask(struct peer *p, const char *method, const char *path, const char *headers, const char *body, char **ret_body);
int status_of(const char *head);
/* Fails the test unless it is this status, and `part` (may be NULL) stands in the head or the body. */
void ask_expect(struct peer *p, const char *method, const char *path, const char *headers, const char *body, int status,
                const char *part);
/* The Authorization header of the stage's shop, freed by the caller. */
char *ask_bearer(struct stage *s, enum role role, const char *broadcast, int64_t ttl_ms);

/* A refusal that says when to come again: all of it with its number taken out, which is *ret_retry_ms; the socket is closed behind it. Freed by the caller. */
char *refusal_of(struct peer *p, int64_t *ret_retry_ms);
/* What a question with this role's token gets past a crowd; NULL: no ticket. Freed by the caller. */
char *ticket_of(struct stage *s, enum role role, const char *broadcast, const char *path);

#endif
