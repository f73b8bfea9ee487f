/* app/recording_write.h - a broadcast as lines that app/recording.h reads: what the estimator was told, written down. */
#ifndef LIVESHELF_APP_RECORDING_WRITE_H
#define LIVESHELF_APP_RECORDING_WRITE_H

#include "base/bytes.h"
#include "logistics/rules/estimator.h"

#define RECORDING_SITE "W1" /* of a shop that names no sites */

/* The first line: besides what app/recording.h names, `shop`, `broadcast`, and `logistics`, the shop's plan as PUT /v1/logistics
 * takes it, where it had one. */
void recording_write_start(struct bytes *out, const struct shop_id *shop, const struct broadcast_id *broadcast,
                           const struct estimator_plan *plan);
/* One event at `t` (seconds; its own `t` is not looked at). Sites are named by `logistics` (NULL: there is one). */
void recording_write_event(struct bytes *out, const struct sale_event *e, double t,
                           const struct logistics_plan *logistics);

#endif
