#include "core/broadcast/journal.h"

#include <stdlib.h>

const char *journal_kind_name(enum journal_kind kind)
{
    static const char *const names[JOURNAL_KINDS] = {
        [JOURNAL_BEGUN] = "begun",     [JOURNAL_TICK] = "tick",     [JOURNAL_ESTIMATE] = "estimate",
        [JOURNAL_ACTUALS] = "actuals", [JOURNAL_STAMP] = "stamp",   [JOURNAL_REWOUND] = "rewound",
        [JOURNAL_SETTLED] = "settled", [JOURNAL_PLAN] = "plan",     [JOURNAL_DIGEST] = "digest",
        [JOURNAL_HOOKS] = "hooks",     [JOURNAL_OPENED] = "opened", [JOURNAL_CLOSED] = "closed",
    };
    MUST(kind < JOURNAL_KINDS);
    return names[kind];
}

void journal_finish(struct journal *j)
{
    switch (j->kind) {
    case JOURNAL_BEGUN:
        free(j->u.begun.run);
        free(j->u.begun.skus);
        break;
    case JOURNAL_ACTUALS:
        free(j->u.actuals.list);
        break;
    case JOURNAL_PLAN:
        if (j->u.plan != NULL)
            logistics_plan_finish(j->u.plan);
        free(j->u.plan);
        break;
    case JOURNAL_DIGEST:
        free(j->u.digest.text);
        break;
    case JOURNAL_HOOKS:
        free(j->u.hooks.list);
        break;
    case JOURNAL_TICK:
    case JOURNAL_ESTIMATE:
    case JOURNAL_STAMP:
    case JOURNAL_REWOUND:
    case JOURNAL_SETTLED:
    case JOURNAL_OPENED:
    case JOURNAL_CLOSED:
    case JOURNAL_KINDS:
        break;
    }
    *j = (struct journal){0};
}
