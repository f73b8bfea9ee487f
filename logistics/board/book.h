/* logistics/board/book.h - one estimate log as the board uses it: followed from its start, and appended to one entry at a time.
 *
 * Entries that cannot be read (a newer version's) are passed over, and the log says so once. */
#ifndef LIVESHELF_LOGISTICS_BOARD_BOOK_H
#define LIVESHELF_LOGISTICS_BOARD_BOOK_H

#include "base/list.h"
#include "core/broadcast/journal.h"
#include "core/ports/log.h"

#define BOOK_ATTEMPTS_MAX 20 /* of an entry that others were faster than */

struct book;
struct book_reader {
    void (*entry)(struct book *book, struct journal *j); /* owned members may be taken */
    void (*caught_up)(struct book *book);                /* also after each reconnect */
    void (*rewound)(struct book *book);                  /* all is told again, from the first entry */
};
struct book {
    struct log *log;
    const struct journal_codec *codec;
    const struct book_reader *reader;
    struct log_follow follow;
    bool is_followed, is_caught_up, is_unreadable;
    uint64_t head;      /* seq of the last entry that was told */
    uint64_t written;   /* the last head an append told of */
    struct list wishes; /* of struct book_wish; the first is on its way while `is_appending` */
    bool is_appending;
    struct log_append append;
};
void book_init(struct book *book, struct log *log, const struct journal_codec *codec, const struct book_reader *reader,
               const struct shop_id *shop, const struct broadcast_id *broadcast);
void book_follow(struct book *book); /* from the start; harmless when it is followed already */
void book_again(struct book *book);  /* from the start: what was read was forgotten */
void book_stop(struct book *book);   /* follows no longer; what was read stays as it is */
void book_finish(struct book *book); /* after the log stopped, or with nothing on its way; zeroed memory is fine */

struct book_wish { /* an entry to be appended */
    struct bytes entry;
    bool is_fenced;
    uint64_t expected; /* of one that is fenced */
    unsigned attempts;
    enum result result;
    uint64_t seq; /* RESULT_OK: the entry's */
    void (*done)(struct book_wish *wish);
    void *ctx;
    struct list link;
};
/* `fenced`: only at the head that was read; RESULT_CONFLICT when somebody was faster. Otherwise at whatever head there is: after
 * RESULT_NO_ANSWER it may stand there. `done` (NULL: none) runs once on the loop, never from inside the call, and not any more once
 * the log is stopped. False, and it does not run: the entry is too large. */
bool book_write(struct book *book, const struct journal *j, bool fenced, void (*done)(struct book_wish *wish),
                void *ctx);
bool book_is_idle(const struct book *book); /* nothing waits to be appended */

#endif
