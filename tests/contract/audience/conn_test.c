/* One conn and its life: hello, resume, refusals, closes. Over real sockets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/audience/peer.h"

static void hello_is_answered_with_welcome_and_snapshot(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    peer_join(&p, s, ROLE_VIEWER, NULL);
    assert_non_null(strstr(p.messages[0], "\"viewer_key\":\"v_"));
    assert_non_null(strstr(p.messages[0], "\"recovered\":false"));
    assert_null(strstr(p.messages[1], "private words"));
    stage_notice(s, "Hello everyone");
    peer_expect(&p, "Hello everyone");
    peer_finish(&p);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_is_answered_with_welcome_and_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
