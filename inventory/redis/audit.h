/* inventory/redis/audit.h - is the stock what its ledger says? */
#ifndef LIVESHELF_INVENTORY_REDIS_AUDIT_H
#define LIVESHELF_INVENTORY_REDIS_AUDIT_H
#include "base/types.h"
#endif
