#include "tests/contract/audience/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *ask(struct peer *p, const char *method, const char *path, const char *headers, const char *body, char **ret_body)
{
    struct bytes text = {0};
    bytes_format(&text, "%s %s HTTP/1.1\r\nHost: live.example\r\n%s", method, path, headers);
    if (body != NULL)
        bytes_format(&text, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    bytes_text(&text, "\r\n");
    if (body != NULL)
        bytes_text(&text, body);
    peer_send(p, text.data, text.len);
    bytes_finish(&text);
    p->no_body = strcmp(method, "HEAD") == 0;
    return peer_answer(p, ret_body);
}

int status_of(const char *head) { return atoi(head + 9); }

void ask_expect(struct peer *p, const char *method, const char *path, const char *headers, const char *body, int status,
                const char *part)
{
    char *got = NULL;
    char *head = ask(p, method, path, headers, body, &got);
    if (status_of(head) != status || (part != NULL && strstr(got, part) == NULL && strstr(head, part) == NULL))
        fail_msg("%s %s: wanted %d %s, got %s%s", method, path, status, part == NULL ? "" : part, head, got);
    free(head);
    free(got);
}

char *ask_bearer(struct stage *s, enum role role, const char *broadcast, int64_t ttl_ms)
{
    char *token = stage_token(s, role, broadcast, NULL, ttl_ms);
    char *header = malloc(strlen(token) + 64);
    sprintf(header, "Authorization: Bearer %s\r\n", token);
    free(token);
    return header;
}

char *refusal_of(struct peer *p, int64_t *ret_retry_ms)
{
    char *body = NULL, *head = peer_answer(p, &body), *text = malloc(4096);
    const char *retry = strstr(body, "\"retry_after_ms\":");
    assert_non_null(retry);
    *ret_retry_ms = strtoll(retry + 17, NULL, 10);
    char *after = strstr(head, "\r\nRetry-After: ");
    assert_non_null(after);
    assert_int_equal(strtol(after + 15, NULL, 10), (*ret_retry_ms + 999) / 1000);
    char *end = strstr(after + 2, "\r\n");
    snprintf(text, 4096, "%.*s%s%.*s...%s", (int)(after - head), head, end, (int)(retry + 17 - body), body,
             retry + 17 + strspn(retry + 17, "0123456789"));
    STAGE_UNTIL(p->stage, (peer_drop(p), p->closed));
    free(head);
    free(body);
    return text;
}

char *ticket_of(struct stage *s, enum role role, const char *broadcast, const char *path)
{
    struct peer p;
    char *body = NULL, *ticket = NULL, *bearer = ask_bearer(s, role, broadcast, HOUR_MS);
    peer_connect(&p, s);
    free(ask(&p, "GET", path, bearer, NULL, &body));
    const char *at = strstr(body, "\"ticket\":\"");
    if (at != NULL)
        ticket = strndup(at + 10, strcspn(at + 10, "\""));
    peer_finish(&p);
    free(bearer);
    free(body);
    return ticket;
}
