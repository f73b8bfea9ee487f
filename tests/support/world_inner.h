/* tests/support/world_inner.h - what the files behind world.h share:
 *
 *   world.c         nodes: made, killed, cut off; time
 *   world_people.c  people and what they are sent: the recording audience, the trace
 *   world_words.c   sentences become commands
 *   world_tell.c    outcomes and events become lines of the trace
 *   world_screens.c what each of them sees of stock and audience
 *   world_board.c   the planner's board of each node
 *   world_check.c   what must hold at any moment, and what when all is quiet */
#ifndef LIVESHELF_TESTS_SUPPORT_WORLD_INNER_H
#define LIVESHELF_TESTS_SUPPORT_WORLD_INNER_H

#include "core/broadcast/shown.h"
#include "logistics/board/board.h"
#include "tests/support/fake_work.h"
#include "tests/support/world.h"

#define WORLD_ASKED_MAX 4096

struct ring { /* what a hub keeps of one broadcast: the seqs a viewer may resume from */
    struct broadcast_id broadcast;
    struct epoch_id epoch;
    uint64_t first, head; /* first event kept; last one published */
};
#define WORLD_FOLDS_MAX 4
struct world_node {
    struct world *w;
    unsigned number, life;
    bool lives, off;
    struct memory_node *memory;
    struct orchestrator *o;
    struct board *board;
    struct fake_work work;
    struct list wanted;     /* struct world_wanted */
    uint64_t published_seq; /* of the newest estimate it told of */
    unsigned published, settled;
    struct world_fold {
        struct broadcast_id broadcast;
        uint64_t fed, plan; /* a hash of what it was told; its plan */
    } folds[WORLD_FOLDS_MAX];
    struct orchestrator_observer observer;
    struct audience audience;
    struct ring rings[8];
    size_t rings_count;
};
struct world_screen { /* stock and audience as somebody sees them */
    bool is_told;     /* false: a snapshot is to come */
    struct world_shown {
        struct sku_id sku;
        struct stock_shown shown;
        struct claim_sku counts; /* hosts */
    } skus[8];
    size_t count;
    uint64_t audience;
};
struct world_person {
    struct world *w;
    char name[16];
    enum role role;
    unsigned node;
    uint64_t conn; /* 0: away */
    struct orchestrator_open open;
    bool opening;
    struct broadcast_id broadcast;
    struct epoch_id epoch; /* what they have seen */
    uint64_t seq;
    unsigned commands; /* given so far */
    struct hold_id last_hold;
    struct world_screen screen;
    const char *answer; /* to their last command that was answered */
};
struct asked { /* a command that waits for its one answer */
    bool used;
    uint64_t conn;
    unsigned node;
    char re[ID_LEN_MAX + 1];
    enum command_kind kind;
    int64_t ms;
    char text[64]; /* of a notice */
};
struct published { /* an event under one epoch and seq */
    char said[256];
    unsigned node, life; /* who published it first */
};
struct told { /* what a viewer was told is theirs */
    struct hold_id hold;
    struct viewer_id viewer;
    bool confirmed;
    int64_t expires_at_ms;
    uint8_t lines_count;
    struct line lines[CART_LINES_MAX];
};
struct world {
    struct world_config config;
    struct fake_clock clock;
    struct memory_world *memory;
    struct rng rng;
    struct world_faults faults;
    struct world_node nodes[WORLD_NODES_MAX];
    struct world_person people[WORLD_PEOPLE_MAX];
    size_t people_count;
    uint64_t conns;
    struct asked asked[WORLD_ASKED_MAX];
    size_t asked_count;      /* places ever used */
    struct map told;         /* hold -> struct told * */
    struct map given_back;   /* holds somebody asked to release: -> anything */
    struct map published;    /* "broadcast epoch seq" -> struct published * */
    struct map torn;         /* epochs under which two histories were published -> struct published *, the lost one */
    struct map acknowledged; /* the same key -> the notice's text, "" of another act */
    struct map notices;      /* text -> the key it was published under */
    struct map tally;        /* answer -> how often, as a number in the pointer */
    struct map recalled;     /* SKUs whose holds were to be cancelled: -> anything */
    size_t checkpoints;      /* told to all nodes together */
    bool paused;             /* the show ever stood still */
    bool mending;            /* a fail-over was, and not every node sells again: promises are being put back */
    bool corrupt;            /* a node was told what is not so, and sells no more */
    bool forgot;             /* history was lost: what was acknowledged may be gone */
    struct map ticked;       /* "broadcast plan t" -> struct world_ticked * */
    size_t ticks_compared;
    struct bytes trace;
    size_t refs;
};
extern const struct shop_id world_shop_id;
extern const struct broadcast_id world_broadcast_id;

void world_line(struct world *w, const char *who, const char *format, ...) PRINTF_LIKE(3, 4);
void world_settle(struct world *w); /* runs what is due at this very moment */

/* world_people.c */
void people_audience_init(struct world_node *n);
void people_node_died(struct world_node *n);
void people_asked(struct world *w, uint64_t conn, unsigned node, const struct command *c);
void told_forget_all(struct world *w);
void published_forget_all(struct world *w);
void check_acknowledged(struct world *w);

/* world_board.c */
void world_board_up(struct world_node *n, const struct node_id *id);
void world_board_stop(struct world_node *n); /* while its ports are there */
void world_board_down(struct world_node *n);
void world_ticked_forget(struct world *w);

/* world_screens.c */
void screen_snapshot(struct world_person *p); /* nothing, when the broadcast is not ready */
void screens_stock(struct world_node *n, const struct show_view *view, const struct sku_id *skus, size_t count);
void screens_counts(struct world_node *n, const struct show_view *view, const struct sku_id *skus, size_t count);
void screens_audience(struct world_node *n, const struct show_view *view, enum role role);
void check_screens(struct world *w);

/* world_tell.c */
void tell_outcome(struct world *w, const char *who, const struct outcome *outcome, bool pushed);
void tell_event(struct world *w, const char *who, const struct event *e);

#endif
