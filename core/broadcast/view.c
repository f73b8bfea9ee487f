#include "core/broadcast/view.h"

#include <string.h>

struct volumes_mark volumes_mark(const struct volumes_view *v)
{
    struct volumes_mark mark = {
        .series_ms = v->series_count == 0 ? 0 : v->series[v->series_count - 1].ms,
        .fan_ms = v->fan_count == 0 ? 0 : v->fan[v->fan_count - 1].ms,
        .estimate_seq = v->estimate_len == 0 ? 0 : v->estimate_seq,
        .change_seq = v->changes_count == 0 ? 0 : v->changes[v->changes_count - 1].seq,
        .plan_version = v->plan == NULL ? 0 : v->plan->version,
    };
    if (v->stamps_count > 0)
        memcpy(mark.stamp, v->stamps[v->stamps_count - 1].id, sizeof mark.stamp);
    if (v->last != NULL)
        mark.last = v->last->broadcast;
    return mark;
}

void volumes_since(struct volumes_view *v, const struct volumes_mark *told)
{
    struct volumes_mark now = volumes_mark(v);
    v->series_new = v->fan_new = v->changes_new = 0;
    while (v->series_new < v->series_count && v->series[v->series_count - 1 - v->series_new].ms > told->series_ms)
        v->series_new++;
    while (v->fan_new < v->fan_count && v->fan[v->fan_count - 1 - v->fan_new].ms > told->fan_ms)
        v->fan_new++;
    while (v->changes_new < v->changes_count &&
           v->changes[v->changes_count - 1 - v->changes_new].seq > told->change_seq)
        v->changes_new++;
    v->estimate_new = now.estimate_seq != told->estimate_seq;
    v->plan_new = now.plan_version != told->plan_version;
    v->stamps_new = strcmp(now.stamp, told->stamp) != 0;
    v->last_new = !ID_EQUAL(now.last, told->last);
}
