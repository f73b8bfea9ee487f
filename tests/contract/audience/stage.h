/* tests/contract/audience/stage.h - one node on a real loop: the server on real sockets, the real orchestrator, stock and logs in
 * memory. Everything runs in the calling thread: whoever waits for something turns the loop meanwhile. */
#ifndef LIVESHELF_TESTS_CONTRACT_AUDIENCE_STAGE_H
#define LIVESHELF_TESTS_CONTRACT_AUDIENCE_STAGE_H

#include <uv.h>

#include "inventory/memory/memory.h"
#include "tests/unit/unit.h"
#include "ws/lws/server.h"

#define STAGE_SHOP "demo"
#define STAGE_SHOW "spring-drop"
#define STAGE_WAIT_MS 10000 /* nothing waited for takes longer, also under sanitizers on a busy machine */

struct stage_clock {
    struct clock clock;
    uv_timer_t timer;
    struct list running; /* struct clock_timer, by impl */
    int64_t ahead_ms;    /* moved forward by tests */
    int64_t stands_ms;   /* 0: it runs; otherwise it stands there */
};

struct stage {
    uv_loop_t loop;
    struct stage_clock clock;
    struct memory_world *world;
    struct memory_node *node;
    struct auth *auth;
    struct server *server;
    struct orchestrator *o;
    struct orchestrator_observer observer; /* knows volumes when `volumes` is set */
    struct volumes_view volumes;
    struct volumes_mark volumes_told;
    bool has_volumes;
    bool closed;
};

struct stage_options {
    struct net_limits limits;
    const char *origins;
    const char *web_dir;
    struct audience *audience; /* NULL: the server's */
};
struct stage_options stage_options_default(void);

struct stage *stage_open(const struct stage_options *options); /* NULL: the defaults. Has one broadcast, live */
void stage_close(struct stage *s);
void stage_turn(struct stage *s); /* the loop once, at most a few milliseconds */
void stage_run_ms(struct stage *s, int64_t ms);
void stage_timers(
    struct stage *s); /* fires the node's timers that are due, without waiting for the loop to find them */
/* Turns the loop until the condition holds; fails the test after STAGE_WAIT_MS. */
#define STAGE_UNTIL(s, condition)                                                                                      \
    do {                                                                                                               \
        for (int64_t stage_end = stage_now_ms() + STAGE_WAIT_MS; !(condition);) {                                      \
            if (stage_now_ms() > stage_end)                                                                            \
                fail_msg("never came true: %s", #condition);                                                           \
            stage_turn(s);                                                                                             \
        }                                                                                                              \
    } while (0)
int64_t stage_now_ms(void);

/* A token for the stage's shop; `broadcast`, `sub` may be NULL. Freed with free(). */
char *stage_token(struct stage *s, enum role role, const char *broadcast, const char *sub, int64_t ttl_ms);
/* The value of one sample of /metrics, as "name" or "name{labels}"; -1: not there. */
double stage_metric(const char *sample);

/* Acts of a host, through the core; each waits until it can be seen. */
void stage_notice(struct stage *s, const char *text);
void stage_pin(struct stage *s, uint8_t slot);
void stage_allocate(struct stage *s, int64_t units, const char *ref);
void stage_confirm(struct stage *s, const char *hold, int64_t minor); /* the shop's checkout was paid */
/* From now on the stage knows volumes: `confirmed` of the red mug, as of ledger entry "1-<confirmed>"; published. */
void stage_volumes(struct stage *s, int64_t confirmed);
/* The same with what is expected: estimate, fan point and change number `step` (1..99), all those before it and a point of the series
 * each, at 1000 * step ms. The document is as long as is asked, and ends with "<step>"}. */
void stage_expect(struct stage *s, uint64_t step, size_t document_len);
const struct show_view *stage_show(struct stage *s);

#endif
