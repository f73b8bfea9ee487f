/* core/broadcast/estimate_names.h - what the numbers of an estimate do not know and its document tells: names and moments. */
#ifndef LIVESHELF_CORE_BROADCAST_ESTIMATE_NAMES_H
#define LIVESHELF_CORE_BROADCAST_ESTIMATE_NAMES_H

#include "base/bytes.h"
#include "core/broadcast/catalogue.h"
#include "core/broadcast/estimate.h"
#include "core/broadcast/event.h"

struct estimate_names { /* borrowed for the call */
    struct broadcast_id broadcast;
    const char *title; /* of the broadcast */
    enum broadcast_state state;
    uint64_t seq; /* of its tick in the estimate log */
    int64_t as_of_ms;
    const char *ledger_id;    /* the last entry that is counted in */
    int64_t start_ms, end_ms; /* Unix ms; end 0: not ended, then waves that count from the end have no time yet */
    const struct logistics_plan *plan; /* NULL: one site "*", one wave "*" */
    const struct catalogue *catalogue; /* titles and GTINs; NULL: none */
};
/* How an estimate becomes its document (ws/wire's estimate_write); given to the board so that it needs no JSON. */
typedef void estimate_writer(struct bytes *out, const struct estimate *e, const struct estimate_names *names);

#endif
