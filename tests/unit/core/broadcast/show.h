/* tests/unit/core/broadcast/show.h - a broadcast to act on: an act is planned, its events are stepped as if they came back
 * from the log, and what happened is told in one line. */
#ifndef LIVESHELF_TESTS_UNIT_SHOW_H
#define LIVESHELF_TESTS_UNIT_SHOW_H

#include "core/broadcast/broadcast.h"

struct show {
    struct broadcast b;
    int64_t now_ms;
    char told[256];
};

/* A draft with mug (1290), teapot (4900) and bag (no price), in EUR, at ms 1000. */
void show_open(struct show *s);
void show_open_live(struct show *s);
void show_close(struct show *s);
/* "cue price pin.set", "" when nothing would change, or why not: "sku_unknown"; "asked approval" when
 * a second person is asked for. The act's time is now_ms. */
const char *show_do(struct show *s, struct act act);
/* The same events planned but not stepped: the caller finishes EVENT_BATCH_MAX of them. */
size_t show_plan(struct show *s, struct act act, struct event events[EVENT_BATCH_MAX]);
enum result show_step(struct show *s, struct event e); /* numbers the event, steps and finishes it */

struct sku_id sku(const char *text);
struct cue_id cue(const char *text);
struct money eur(int64_t minor);
struct act act_pin(uint8_t slot, const char *sku_text);
struct act act_clear(uint8_t slot);
struct act act_price(const char *sku_text, int64_t minor);
struct act act_offer(const char *sku_text, int64_t minor, int64_t for_ms);
struct act act_of(enum act_kind kind, const char *sku_text);
struct act act_words(enum act_kind kind, const char *sku_text, const char *text);
/* A cue that pins `sku_text` (NULL: a talking point) in slot 0, at `minor` (0: no price of its own). */
struct act act_cue(const char *id, const char *sku_text, int64_t minor);
/* items: "mug 1290, teapot 4900, bag"; parsed into `items`. */
struct act act_shelf(const char *items_text, const char *document, struct shelf_item items[8]);

int64_t price_of(const struct show *s, const char *sku_text); /* minor */
uint32_t version_of(const struct show *s, const char *sku_text);
const char *pinned(const struct show *s, uint8_t slot); /* "": nothing */

#endif
