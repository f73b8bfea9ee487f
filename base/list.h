/* base/list.h - intrusive doubly linked circular list. A list head is a `struct list` that points
 * at itself when empty; an element embeds one and is found back with container_of. */
#ifndef LIVESHELF_BASE_LIST_H
#define LIVESHELF_BASE_LIST_H

#include <stdbool.h>

#include "base/must.h"

struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_is_empty(const struct list *l) { return l->next == l; }
static inline bool list_is_linked(const struct list *l) { return l->next != NULL && l->next != l; }
static inline void list_push_back(struct list *head, struct list *l)
{
    l->next = head;
    l->prev = head->prev;
    head->prev->next = l;
    head->prev = l;
}
static inline void list_push_front(struct list *head, struct list *l) { list_push_back(head->next, l); }
/* Leaves `l` self-linked, so that removing twice is harmless. Zeroed memory counts as removed. */
static inline void list_remove(struct list *l)
{
    if (l->next == NULL)
        return;
    l->next->prev = l->prev;
    l->prev->next = l->next;
    list_init(l);
}
static inline void list_move(struct list *head, struct list *l)
{
    list_remove(l);
    list_push_back(head, l);
}
/* Safe against removal of `at` itself. */
/* NOLINTBEGIN(bugprone-macro-parentheses): `at` is a name that is declared here */
#define list_for_each(at, head)                                                                                        \
    for (struct list *at = (head)->next, *at##_next = at->next; at != (head); at = at##_next, at##_next = at->next)
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
