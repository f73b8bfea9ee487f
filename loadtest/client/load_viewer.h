/* loadtest/client/load_viewer.h - one person on one broadcast: says hello, resumes after a lost line, and keeps the books that
 * prove the server right or wrong: every event seen once, in order, none missing. */
#ifndef LOAD_VIEWER_H
#define LOAD_VIEWER_H

#include "loadtest/client/load_client.h"

struct load_viewer;
struct load_viewer_handler {
    void (*ready)(struct load_viewer *v); /* welcomed; may be NULL */
    void (*message)(struct load_viewer *v, const struct load_peek *p, const char *text, size_t len); /* may be NULL */
    void (*left)(struct load_viewer *v, int code, const char *why); /* the line is gone; load_viewer_join comes back */
};

struct load_viewer { /* embedded by the caller; zero first */
    const struct load_viewer_handler *handler;
    const char *path, *token; /* "/v1/broadcasts/ID/live"; borrowed for good */
    const char *headers;      /* further request lines, NULL: none */
    void *ctx;
    /* ---- the books ---- */
    uint64_t events, gaps, duplicates, snapshots, resumes, malformed;
    int64_t joined_ms, welcomed_ms;
    /* ---- ours ---- */
    struct load_conn conn;
    char epoch[64], viewer[64], key[256];
    int64_t seq, head; /* last seen; what the last welcome said is there */
    bool welcomed;
};

void load_viewer_join(struct load_set *s, struct load_viewer *v);
void load_viewer_leave(struct load_viewer *v); /* `left` follows */
bool load_viewer_is_live(const struct load_viewer *v);

#endif
