#include "core/broadcast/hooks.h"

const char *hook_type_name(enum hook_type type)
{
    static const char *const names[HOOK_TYPES] = {
        [HOOK_VOLUMES_UPDATED] = "volumes.updated",
        [HOOK_PROMISE_CHANGED] = "promise.changed",
        [HOOK_VOLUMES_SETTLED] = "volumes.settled",
    };
    return (size_t)type < HOOK_TYPES ? names[type] : "unknown";
}
