/* logistics/board/reading.c - the ledger read from its start, for shows whose fold begins: also on a node that was there all the
 * time, so that it folds what one that comes late does.
 *
 *   reading_want      the show waits; one reading serves all that wait when it begins
 *     reading_entry   into their folds, tick by tick, so that little waits in between
 *     reading_end     when it has come as far as what is observed anyway */
#include "base/log.h"
#include "logistics/board/inner.h"

static void reading_entry(struct ledger_follow *follow, const struct ledger_entry *entry);
static void reading_caught_up(struct ledger_follow *follow);
static void reading_lost(struct ledger_follow *follow);
static void reading_rewound(struct ledger_follow *follow);

static struct ledger *ledger_of(const struct board_shop *shop) { return shop->b->config.ledger; }

static void reading_start(struct board_shop *shop)
{
    bool wanted = false;
    if (shop->reading.is_on)
        return;
    list_for_each (link, &shop->on) {
        struct board_show *s = container_of(link, struct board_show, of_shop);
        if (!s->tally.wants_reading)
            continue;
        wanted = true;
        s->tally.wants_reading = false;
        s->tally.is_reading = true;
        s->tally.is_cut = false;
        s->tally.covered = (struct place){0};
    }
    if (!wanted)
        return;
    shop->reading.is_on = true;
    shop->reading.at = (struct place){0};
    shop->reading.follow = (struct ledger_follow){.shop = shop->id,
                                                  .entry = reading_entry,
                                                  .caught_up = reading_caught_up,
                                                  .lost = reading_lost,
                                                  .rewound = reading_rewound};
    ledger_of(shop)->follow(ledger_of(shop), &shop->reading.follow);
}

void reading_want(struct board_show *s)
{
    s->tally.wants_reading = true;
    metric_add(&board_metrics[BOARD_REFOLDS], 1);
    log_info("board.fold_again", "shop=%s broadcast=%s the ledger is read from its start", s->shop->id.text,
             s->id.text);
    reading_start(s->shop);
}

static void reading_end(struct board_shop *shop)
{
    reading_stop(shop);
    list_for_each (link, &shop->on) {
        struct board_show *s = container_of(link, struct board_show, of_shop);
        if (!s->tally.is_reading)
            continue;
        s->tally.is_reading = false;
        tally_run(s);
        lead_check(s);
    }
    reading_start(shop); /* who came meanwhile */
}

static void reading_entry(struct ledger_follow *follow, const struct ledger_entry *entry)
{
    struct board_shop *shop = container_of(follow, struct board_shop, reading.follow);
    shop->reading.at = place_of(entry->id);
    list_for_each (link, &shop->on) {
        struct board_show *s = container_of(link, struct board_show, of_shop);
        if (!s->tally.is_reading)
            continue;
        inputs_entry(s, entry);
        tally_run(s);
    }
    if (place_order(shop->reading.at, shop->position) >= 0)
        reading_end(shop);
}

/* What was observed may not be there any more: then a rewind is told to us both. */
static void reading_caught_up(struct ledger_follow *follow)
{
    struct board_shop *shop = container_of(follow, struct board_shop, reading.follow);
    if (place_order(shop->reading.at, shop->position) >= 0)
        reading_end(shop);
}

static void reading_lost(struct ledger_follow *follow) { (void)follow; }

static void reading_rewound(struct ledger_follow *follow)
{
    struct board_shop *shop = container_of(follow, struct board_shop, reading.follow);
    shop->reading.at = (struct place){0};
    list_for_each (link, &shop->on) {
        struct board_show *s = container_of(link, struct board_show, of_shop);
        if (s->tally.is_reading)
            show_start_over(s); /* waits for the next reading */
    }
}

void reading_stop(struct board_shop *shop)
{
    if (shop->reading.is_on)
        ledger_of(shop)->unfollow(ledger_of(shop), &shop->reading.follow);
    shop->reading.is_on = false;
}
