/* ws/wire/message_parts.h - what several messages have in common. For the files of this module alone. */
#ifndef LIVESHELF_WS_WIRE_MESSAGE_PARTS_H
#define LIVESHELF_WS_WIRE_MESSAGE_PARTS_H

#include "ws/wire/json_out.h"
#include "ws/wire/message.h"

void part_money(struct json_out *out, const char *name, const struct money *money);
void part_price(struct json_out *out, const char *name, const struct price *price); /* null when there is none */
void part_video(struct json_out *out, const struct broadcast_details *details);
void part_extra(struct json_out *out, const struct extra *extra); /* members */
void part_shelf(struct json_out *out, const struct broadcast *b);
/* One pin as members of an object that is open. */
void part_pin(struct json_out *out, const struct broadcast *b, uint8_t slot, const struct pin *pin);
void part_pins(struct json_out *out, const struct broadcast *b); /* "pins", those that are set */
/* What a viewer is shown of an item's stock. */
void part_stock(struct json_out *out, const struct show_view *show, const struct shelf_item *item);
void part_counts(struct json_out *out, const struct show_view *show, const char *sku);
void part_demand(struct json_out *out, const struct show_view *show);    /* "demand" */
void part_cue_public(struct json_out *out, const struct cue_shown *cue); /* members */
/* For hosts alone: a whole cue as in the run of show; and all of them. */
void part_cue(struct json_out *out, const char *name, const struct cue *cue);
void part_run(struct json_out *out, const char *name, const struct run_of_show *run); /* [] when there is none */
void part_approval(struct json_out *out, const struct price_approval *a);             /* members */
void part_card(struct json_out *out, const struct card *card);                        /* "card" */
void part_preflight_members(struct json_out *out, const struct preflight *p, const struct run_of_show *run);
void part_preflight(struct json_out *out, const char *name, const struct preflight *p, const struct run_of_show *run);
void part_hold(struct json_out *out, const struct message_context *c, const struct hold *hold); /* members */
void part_hold_lines(struct json_out *out, const struct hold *hold); /* "lines" and "total" */
void part_hold_clock(struct json_out *out, const char *name, const struct show_view *show);
void part_sync_delay(struct json_out *out,
                     const struct claims *claims); /* "sync_delay_ms", null when none was ever said */
void part_audience(struct json_out *out, const char *name, const struct show_view *show, enum role role);
void part_lag(struct json_out *out, const char *name, const struct show_view *show); /* null while nobody says */
const char *selling_name(const struct show_view *show); /* "ok", "unavailable", "stopped" */
/* What a recall touches: members, and the holds one by one. */
void part_recall(struct json_out *out, const struct outcome *o);
void part_affected(struct json_out *out, const struct outcome *o);
/* Answers of the board and the courier (message_logistics.c): members. */
typedef void outcome_part(struct json_out *out, const struct outcome *o);
outcome_part part_outcome_plan, part_outcome_actuals, part_outcome_stamp, part_outcome_stamps, part_outcome_changes,
    part_outcome_hooks, part_outcome_dead, part_outcome_replayed;
void part_spread(struct json_out *out, const char *key, const struct spread *s); /* null: not known */
/* RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe before it. */
void csv_text(struct bytes *out, const char *text);
void part_broadcast(struct json_out *out, const struct broadcast *b); /* members, as HTTP tells it */

#endif
