/* app/limits.h - the table's numbers, as the structs that the lower floors take. */
#ifndef LIVESHELF_APP_LIMITS_H
#define LIVESHELF_APP_LIMITS_H

#include "app/config.h"
#include "core/orchestrator/orchestrator.h"
#include "ws/lws/limits.h"

void limits_of_net(const struct config *c, struct net_limits *ret);
void limits_of_orchestrator(const struct config *c, struct orchestrator_limits *ret);

#endif
