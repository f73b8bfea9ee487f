/* tests/unit/ws/wire/written.h - everything message.h can write about the sample, under the name of its example. */
#ifndef LIVESHELF_TESTS_UNIT_WS_WIRE_WRITTEN_H
#define LIVESHELF_TESTS_UNIT_WS_WIRE_WRITTEN_H

#include "tests/unit/ws/wire/sample.h"

struct written {
    const char *name; /* of the file under docs/protocol/examples/, without ".json" */
    int status;       /* HTTP; 0: a message of the socket */
    bool for_viewers; /* or for anybody: nothing private may be in it */
    void (*write)(struct bytes *out, struct sample *s, int *ret_status);
};
extern const struct written written[];
extern const size_t written_count;

/* written_logistics.c */
typedef void written_answer(struct bytes *out, struct sample *s, int *ret_status);
written_answer write_logistics, write_logistics_none, write_actuals, write_settle, write_stamped, write_stamps,
    write_stamp, write_changes, write_hooks, write_hook_dead, write_hook_replay;

#endif
