#include "tests/support/webhook_recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void recording_send(struct webhook *webhook, struct webhook_post *post)
{
    struct webhook_recording *r = container_of(webhook, struct webhook_recording, webhook);
    MUST(r->count < RECORDED_MAX);
    struct recorded_post *p = &r->posts[r->count++];
    *p = (struct recorded_post){.post = post, .body = strndup(post->body->data, post->body->len)};
    MUST(p->body != NULL);
    snprintf(p->url, sizeof p->url, "%s", post->url);
    snprintf(p->id, sizeof p->id, "%s", post->id);
    snprintf(p->secret, sizeof p->secret, "%s", post->secret);
    snprintf(p->old_secret, sizeof p->old_secret, "%s", post->old_secret);
    r->open++;
}

void webhook_recording_init(struct webhook_recording *r)
{
    memset(r, 0, sizeof *r);
    r->webhook.send = recording_send;
}

void webhook_recording_finish(struct webhook_recording *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->posts[i].body);
}

struct recorded_post *webhook_recording_open(struct webhook_recording *r, const char *url)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->posts[i].post != NULL && strcmp(r->posts[i].url, url) == 0)
            return &r->posts[i];
    return NULL;
}

void webhook_recording_answer(struct webhook_recording *r, struct recorded_post *p, int status, int64_t retry_after_ms)
{
    struct webhook_post *post = p->post;
    MUST(post != NULL);
    p->post = NULL;
    r->open--;
    post->result = status == 0 ? RESULT_NO_ANSWER : RESULT_OK;
    post->status = status;
    post->retry_after_ms = retry_after_ms;
    snprintf(post->why, sizeof post->why, "status %d", status);
    post->done(post);
}
