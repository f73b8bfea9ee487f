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
