#include "logistics/board/book.h"

#include <stdlib.h>

#include "base/log.h"

static void append_next(struct book *book);

/* ---- followed ---- */

static void follow_entry(struct log_follow *follow, uint64_t seq, const char *data, size_t len)
{
    struct book *book = container_of(follow, struct book, follow);
    struct journal j = {0};
    book->head = seq;
    if (book->written < seq)
        book->written = seq;
    enum result result = book->codec->decode(data, len, &j);
    MUST(result != RESULT_NO_MEMORY);
    if (result != RESULT_OK) {
        if (!book->is_unreadable)
            log_warn("journal.unreadable", "shop=%s broadcast=%s seq=%llu it is passed over", follow->shop.text,
                     follow->broadcast.text, (unsigned long long)seq);
        book->is_unreadable = true;
        return;
    }
    j.seq = seq;
    book->reader->entry(book, &j);
    journal_finish(&j);
}

static void follow_caught_up(struct log_follow *follow)
{
    struct book *book = container_of(follow, struct book, follow);
    book->is_caught_up = true;
    book->reader->caught_up(book);
}

static void follow_rewound(struct log_follow *follow)
{
    struct book *book = container_of(follow, struct book, follow);
    log_warn("journal.rewound", "shop=%s broadcast=%s seen=%llu it is read again", follow->shop.text,
             follow->broadcast.text, (unsigned long long)book->head);
    book->head = book->written = 0;
    book->is_caught_up = false;
    book->reader->rewound(book);
}

void book_init(struct book *book, struct log *log, const struct journal_codec *codec, const struct book_reader *reader,
               const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    *book = (struct book){.log = log, .codec = codec, .reader = reader};
    list_init(&book->wishes);
    book->follow = (struct log_follow){.kind = LOG_ESTIMATES, .shop = *shop};
    if (broadcast != NULL)
        book->follow.broadcast = *broadcast;
}

void book_follow(struct book *book)
{
    if (book->is_followed)
        return;
    book->is_followed = true;
    book->is_caught_up = false;
    book->head = book->written = 0; /* it may have lost its end meanwhile: who begins anew is not told */
    struct log_follow *f = &book->follow;
    *f = (struct log_follow){.kind = f->kind,
                             .shop = f->shop,
                             .broadcast = f->broadcast,
                             .entry = follow_entry,
                             .caught_up = follow_caught_up,
                             .rewound = follow_rewound};
    book->log->follow(book->log, f);
}

void book_again(struct book *book)
{
    if (!book->is_followed)
        return;
    book_stop(book);
    book_follow(book);
}

/* ---- appended ---- */

static void wish_free(struct book_wish *wish)
{
    list_remove(&wish->link);
    bytes_finish(&wish->entry);
    free(wish);
}

static void append_done(struct log_append *append)
{
    struct book *book = container_of(append, struct book, append);
    struct book_wish *wish = container_of(book->wishes.next, struct book_wish, link);
    book->is_appending = false;
    bool is_known = append->result == RESULT_OK || append->result == RESULT_CONFLICT;
    if (is_known)
        book->written = append->head;
    wish->result = append->result;
    wish->seq = append->head;
    bool again = append->result == RESULT_CONFLICT && !wish->is_fenced && ++wish->attempts < BOOK_ATTEMPTS_MAX;
    if (!again) {
        list_remove(&wish->link);
        if (wish->done != NULL)
            wish->done(wish);
        wish_free(wish);
    }
    append_next(book);
}

static void append_next(struct book *book)
{
    if (book->is_appending || list_is_empty(&book->wishes))
        return;
    struct book_wish *wish = container_of(book->wishes.next, struct book_wish, link);
    book->is_appending = true;
    book->append = (struct log_append){.kind = LOG_ESTIMATES,
                                       .shop = book->follow.shop,
                                       .broadcast = book->follow.broadcast,
                                       .expected_seq = wish->is_fenced ? wish->expected : book->written,
                                       .entries = &wish->entry,
                                       .count = 1,
                                       .done = append_done};
    book->log->append(book->log, &book->append);
}

bool book_write(struct book *book, const struct journal *j, bool fenced, void (*done)(struct book_wish *wish),
                void *ctx)
{
    struct book_wish *wish = calloc(1, sizeof *wish);
    MUST(wish != NULL);
    *wish = (struct book_wish){.is_fenced = fenced, .expected = book->head, .done = done, .ctx = ctx};
    bytes_init(&wish->entry, LOG_ENTRY_MAX);
    if (book->codec->encode(j, &wish->entry) != RESULT_OK) {
        log_error("journal.too_large", "shop=%s broadcast=%s kind=%s", book->follow.shop.text,
                  book->follow.broadcast.text, journal_kind_name(j->kind));
        wish_free(wish);
        return false;
    }
    list_push_back(&book->wishes, &wish->link);
    append_next(book);
    return true;
}

bool book_is_idle(const struct book *book) { return list_is_empty(&book->wishes); }

/* ---- the end of it ---- */

void book_stop(struct book *book)
{
    if (book->is_followed)
        book->log->unfollow(book->log, &book->follow);
    book->is_followed = false;
}

void book_finish(struct book *book)
{
    if (book->wishes.next == NULL)
        return;
    list_for_each (link, &book->wishes)
        wish_free(container_of(link, struct book_wish, link));
    *book = (struct book){0};
}
