#include "inventory/rules/waitlist.h"

#include <stddef.h>
#include <string.h>

void waitlist_init(struct waitlist *w)
{
    list_init(&w->line);
    w->len = 0;
}

struct waiting *waitlist_find(const struct waitlist *w, const char *viewer)
{
    list_for_each (at, &w->line) {
        struct waiting *waiting = container_of(at, struct waiting, link);
        if (strcmp(waiting->viewer, viewer) == 0)
            return waiting;
    }
    return NULL;
}

void waitlist_join(struct waitlist *w, struct waiting *waiting)
{
    list_push_back(&w->line, &waiting->link);
    w->len++;
}

void waitlist_leave(struct waitlist *w, struct waiting *waiting)
{
    MUST(list_is_linked(&waiting->link));
    list_remove(&waiting->link);
    w->len--;
}

struct waiting *waitlist_next(const struct waitlist *w, int64_t sellable)
{
    int looked = 0;
    list_for_each (at, &w->line) {
        struct waiting *waiting = container_of(at, struct waiting, link);
        if (waiting->units <= sellable)
            return waiting;
        if (++looked == WAITLIST_LOOK_MAX)
            break;
    }
    return NULL;
}

int64_t waitlist_ahead(const struct waitlist *w, const struct waiting *waiting)
{
    int64_t ahead = 0;
    list_for_each (at, &w->line) {
        if (at == &waiting->link)
            break;
        ahead++;
    }
    return ahead;
}
