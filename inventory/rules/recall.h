/* inventory/rules/recall.h - the written law of a recalled SKU: what it means for holds that are open. Pure.
 *
 * Recalled means stopped, whatever the mode, so that nothing new is held and nothing late is sold: one write, and from
 * then on nobody can buy. It cannot be opened until the recall is lifted, and lifting it leaves it stopped. */
#ifndef LIVESHELF_INVENTORY_RULES_RECALL_H
#define LIVESHELF_INVENTORY_RULES_RECALL_H

#include <stdbool.h>

/* The modes, in the order of `enum recall_mode` of core/broadcast, which this floor cannot see. */
enum recall_law { LAW_NONE, LAW_KEEP, LAW_CANCEL, LAW_HONOUR, RECALL_LAWS };

bool recall_parks(enum recall_law mode);           /* a hold that comes due does not end */
bool recall_refuses_payment(enum recall_law mode); /* of a hold that is open */
bool recall_takes_back(enum recall_law mode);      /* the shop may end it */

#endif
