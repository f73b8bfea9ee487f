/* core/broadcast/limits.h - sizes that are part of the data model (those an operator may set live in the config table). */
#ifndef LIVESHELF_CORE_BROADCAST_LIMITS_H
#define LIVESHELF_CORE_BROADCAST_LIMITS_H

#define PIN_SLOTS 3
#define CART_LINES_MAX 16
#define HOLD_UNITS_MAX 1000000 /* per line */
#define SHELF_ITEMS_MAX 500    /* SKUs of one broadcast */
#define CUES_MAX 500
#define CATALOGUE_PRODUCTS_MAX 20000
#define TITLE_LEN_MAX 200      /* bytes of UTF-8 */
#define TEXT_LEN_MAX 2000      /* viewer text, notice, reason: bytes of UTF-8 */
#define URL_LEN_MAX 1000
#define REF_LEN_MAX 128        /* allocation refs, order numbers: visible ASCII without '|', ',' and space */
#define STOCK_UNITS_MAX 1000000000
#define STOCK_VERSION_MAX INT64_C(9007199254740991) /* of absolute counts: what a JSON number holds exactly */
#define EXTENDS_MAX 2          /* how often a viewer may extend one hold */
#define UNDO_MS 5000
#define EXTRAS_MAX 16           /* bundles and freebies that run at once in one broadcast */
#define EXTRA_TEXT_LEN_MAX 200  /* bytes of UTF-8 */
#define EXTRA_UNITS_MAX 1000    /* of what is added, for one unit or one order */
#define EXTRA_ORDERS_MAX 1000000000
#define APPROVALS_MAX 16       /* prices of one broadcast that wait for a second person */
#define EVENT_BATCH_MAX 8      /* events appended by one command */

#endif
