/* ws/wire/volumes_place.h - how far a stream of volumes was told, as the text of its event ids:
 *
 *     <estimate seq>.<change seq>.<ms of the newest fan point>.<ms of the newest point of the series>.<ledger id>.<epoch>
 *
 * Any node can read what any other one wrote: nothing is kept of who was told what. */
#ifndef LIVESHELF_WS_WIRE_VOLUMES_PLACE_H
#define LIVESHELF_WS_WIRE_VOLUMES_PLACE_H

#include "base/bytes.h"
#include "core/broadcast/view.h"

#define VOLUMES_PLACE_MAX 255 /* bytes */

void volumes_place_write(struct bytes *out, const struct volumes_view *v);
/* RESULT_OK: what lies behind the place is here (volumes_since with *ret); stamps, plan and the last show are told again.
 * RESULT_NOT_FOUND: no such place, of another history, or of more than is here: only the whole will do. */
MUST_USE enum result volumes_place_read(const char *text, const struct volumes_view *v, struct volumes_mark *ret);

#endif
