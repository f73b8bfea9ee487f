#include "inventory/rules/recall.h"

#include "base/must.h"

/* clang-format off */
static const struct { bool parks, refuses_payment, takes_back; } law[RECALL_LAWS] = {
    [LAW_NONE]   = { false, false, false },
    [LAW_KEEP]   = { true,  true,  false },
    [LAW_CANCEL] = { false, true,  true  },
    [LAW_HONOUR] = { false, false, false },
};
/* clang-format on */

bool recall_parks(enum recall_law mode)
{
    MUST((unsigned)mode < RECALL_LAWS);
    return law[mode].parks;
}

bool recall_refuses_payment(enum recall_law mode)
{
    MUST((unsigned)mode < RECALL_LAWS);
    return law[mode].refuses_payment;
}

bool recall_takes_back(enum recall_law mode)
{
    MUST((unsigned)mode < RECALL_LAWS);
    return law[mode].takes_back;
}
