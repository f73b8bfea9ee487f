/* What the core may count on, whoever implements the audience: played to the recording and to real sockets.
 *
 * Members say commands as text and hear lines; the lines of audience_recording.h are what both are reduced to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/audience/peer.h"
#include "tests/support/audience_recording.h"
#include "ws/wire/command_decode.h"

#define MEMBERS_MAX 8

struct member {
    enum role role;
    char viewer[32];
    bool gone;
    struct peer peer; /* sockets */
    size_t peer_read;
    struct recorded_conn *record; /* recording */
    size_t record_read;
    char *lines[400];
    size_t count;
};

struct house {
    bool sockets;
    struct stage *s;
    struct audience_recording recording;
    struct member members[MEMBERS_MAX];
};

static const struct shop_id shop = {.text = STAGE_SHOP};
static const struct broadcast_id show_id = {.text = STAGE_SHOW};

static void house_open(struct house *h, void **state)
{
    struct stage_options options = stage_options_default();
    memset(h, 0, sizeof *h);
    h->sockets = *state != NULL;
    audience_recording_init(&h->recording);
    if (!h->sockets)
        options.audience = &h->recording.audience;
    h->s = stage_open(&options);
    stage_run_ms(h->s, 50);
}

static struct audience *audience_of(struct house *h)
{
    return h->sockets ? server_audience(h->s->server) : &h->recording.audience;
}

static void join(struct house *h, size_t i, enum role role, const char *viewer)
{
    struct member *m = &h->members[i];
    struct viewer_id id;
    m->role = role;
    snprintf(m->viewer, sizeof m->viewer, "%s", viewer);
    assert_int_equal(ID_PARSE(&id, viewer, strlen(viewer)), RESULT_OK);
    if (h->sockets) {
        peer_join(&m->peer, h->s, role, viewer);
        m->peer_read = m->peer.messages_count;
    } else {
        m->record = audience_recording_join(&h->recording, 100 + i, &shop, &show_id, role, &id);
        orchestrator_joined(h->s->o, &shop, &show_id, role);
    }
}

static void leave(struct house *h, size_t i)
{
    struct member *m = &h->members[i];
    m->gone = true;
    if (h->sockets) {
        peer_finish(&m->peer);
    } else {
        audience_recording_leave(&h->recording, 100 + i);
        orchestrator_left(h->s->o, &shop, &show_id, m->role);
    }
}

static void say(struct house *h, size_t i, const char *text)
{
    struct member *m = &h->members[i];
    struct command command = {0};
    struct decode_fault fault;
    if (h->sockets) {
        peer_say(&m->peer, text);
        return;
    }
    assert_int_equal(command_decode(text, strlen(text), &command, &fault), RESULT_OK);
    struct asker asker = {.conn = 100 + i, .role = m->role, .shop = shop, .broadcast = show_id, .sub = "member"};
    snprintf(asker.viewer.text, sizeof asker.viewer.text, "%s", m->viewer);
    command.broadcast = show_id;
    orchestrator_command(h->s->o, &asker, &command);
    command_finish(&command);
}

/* ---- lines ---- */

static bool member_text(const char *message, const char *name, char *ret, size_t size)
{
    char key[40];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(message, key);
    if (at == NULL)
        return false;
    at += strlen(key);
    at += *at == '"' ? 1 : 0;
    snprintf(ret, size, "%.*s", (int)strcspn(at, "\",}"), at);
    return true;
}

static void line_of(const char *message, char *line, size_t size)
{
    char t[40] = "", re[80] = "", value[80] = "";
    member_text(message, "t", t, sizeof t);
    if (member_text(message, "re", value, sizeof value))
        snprintf(re, sizeof re, "re=%.70s ", value);
    if (strcmp(t, "hold") == 0 && member_text(message, "state", value, sizeof value))
        snprintf(line, size, "%shold %s", re, value);
    else if (strcmp(t, "error") == 0 && member_text(message, "code", value, sizeof value))
        snprintf(line, size, "%serror %s", re, value);
    else if (strcmp(t, "ok") == 0)
        snprintf(line, size, "%sok %s", re, member_text(message, "seq", value, sizeof value) ? value : "0");
    else if (strcmp(t, "audience") == 0 && member_text(message, "viewers", value, sizeof value))
        snprintf(line, size, "audience %s", value);
    else if (strcmp(t, "hold_clock") == 0)
        snprintf(line, size, "clock %s", strstr(message, "\"running\":true") != NULL ? "running" : "standing");
    else if (strcmp(t, "snapshot") == 0 && member_text(message, "seq", value, sizeof value))
        snprintf(line, size, "snapshot %s", value);
    else if (member_text(message, "seq", value, sizeof value))
        snprintf(line, size, "event %s %s", value, t);
    else
        snprintf(line, size, "%s%s", re, t);
}

static void line_add(struct member *m, const char *line)
{
    assert_true(m->count < sizeof m->lines / sizeof m->lines[0]);
    m->lines[m->count++] = strdup(line);
}

static void listen_now(struct house *h)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        struct member *m = &h->members[i];
        char line[600];
        if (m->role == ROLE_NONE || m->gone)
            continue;
        if (h->sockets)
            peer_pump(&m->peer);
        for (; h->sockets && m->peer_read < m->peer.messages_count; m->peer_read++) {
            line_of(m->peer.messages[m->peer_read], line, sizeof line);
            line_add(m, line);
        }
        for (; !h->sockets && m->record_read < m->record->count; m->record_read++)
            line_add(m, m->record->lines[m->record_read]);
    }
}

static size_t heard(const struct house *h, size_t i, const char *start)
{
    size_t count = 0;
    for (size_t n = 0; n < h->members[i].count; n++)
        count += strncmp(h->members[i].lines[n], start, strlen(start)) == 0 ? 1 : 0;
    return count;
}

static void await(struct house *h, size_t i, const char *start)
{
    for (int64_t end = stage_now_ms() + STAGE_WAIT_MS; listen_now(h), heard(h, i, start) == 0;) {
        if (stage_now_ms() > end) {
            for (size_t n = 0; n < h->members[i].count; n++)
                print_message("    %s\n", h->members[i].lines[n]);
            fail_msg("member %zu never heard %s", i, start);
        }
        stage_turn(h->s);
    }
}

/* Long enough for whatever should not come. */
static void settle(struct house *h)
{
    stage_run_ms(h->s, 150);
    listen_now(h);
}

static void house_close(struct house *h)
{
    settle(h);
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        if (h->members[i].role != ROLE_NONE && !h->members[i].gone)
            leave(h, i);
        for (size_t n = 0; n < h->members[i].count; n++)
            free(h->members[i].lines[n]);
    }
    stage_close(h->s);
    audience_recording_finish(&h->recording);
}

/* ---- the suite ---- */

static void every_event_reaches_everyone_once_and_in_order(void **state)
{
    static struct house h;
    char line[64];
    house_open(&h, state);
    join(&h, 0, ROLE_HOST, "anna");
    join(&h, 1, ROLE_VIEWER, "ben");
    join(&h, 2, ROLE_VIEWER, "cleo");
    uint64_t before = stage_show(h.s)->broadcast->seq;
    for (int i = 0; i < 20; i++) {
        snprintf(line, sizeof line, "notice %d", i);
        stage_notice(h.s, line);
    }
    snprintf(line, sizeof line, "event %llu ", (unsigned long long)before + 20);
    for (size_t i = 0; i < 3; i++) {
        uint64_t next = before + 1;
        await(&h, i, line);
        for (size_t n = 0; n < h.members[i].count; n++) {
            unsigned long long seq;
            if (sscanf(h.members[i].lines[n], "event %llu ", &seq) == 1)
                assert_int_equal(seq, next++);
        }
        assert_int_equal(next, before + 21);
    }
    house_close(&h);
}

static void answers_are_for_the_asker_alone(void **state)
{
    static struct house h;
    house_open(&h, state);
    stage_allocate(h.s, 5, "po-1");
    join(&h, 0, ROLE_VIEWER, "anna");
    join(&h, 1, ROLE_VIEWER, "anna");
    join(&h, 2, ROLE_VIEWER, "ben");
    say(&h, 0, "{\"t\":\"reserve\",\"id\":\"h_1\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}");
    await(&h, 0, "re=h_1 hold held");
    say(&h, 2, "{\"t\":\"release\",\"id\":\"r_1\",\"hold\":\"h_1\"}");
    await(&h, 2, "re=r_1 error hold_unknown"); /* another's hold */
    settle(&h);
    assert_int_equal(heard(&h, 0, "re="), 1);
    assert_int_equal(heard(&h, 1, "re="), 0);
    assert_int_equal(heard(&h, 2, "re="), 1);
    house_close(&h);
}

static void words_about_a_hold_reach_all_conns_of_its_viewer(void **state)
{
    static struct house h;
    house_open(&h, state);
    stage_allocate(h.s, 5, "po-1");
    join(&h, 0, ROLE_VIEWER, "anna");
    join(&h, 1, ROLE_VIEWER, "anna");
    join(&h, 2, ROLE_VIEWER, "ben");
    say(&h, 0, "{\"t\":\"reserve\",\"id\":\"h_1\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}");
    await(&h, 0, "re=h_1 hold held");
    stage_confirm(h.s, "h_1", 990);
    await(&h, 0, "hold confirmed");
    await(&h, 1, "hold confirmed");
    settle(&h);
    assert_int_equal(heard(&h, 0, "hold confirmed"), 1);
    assert_int_equal(heard(&h, 1, "hold confirmed"), 1);
    assert_int_equal(heard(&h, 2, "hold"), 0);
    house_close(&h);
}

static void what_one_conn_does_with_a_hold_the_viewers_others_hear(void **state)
{
    static struct house h;
    house_open(&h, state);
    stage_allocate(h.s, 5, "po-1");
    join(&h, 0, ROLE_VIEWER, "anna");
    join(&h, 1, ROLE_VIEWER, "anna");
    join(&h, 2, ROLE_VIEWER, "ben");
    say(&h, 0, "{\"t\":\"reserve\",\"id\":\"h_1\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}");
    await(&h, 1, "hold held");
    say(&h, 1, "{\"t\":\"release\",\"id\":\"r_1\",\"hold\":\"h_1\"}");
    await(&h, 0, "hold released");
    await(&h, 1, "re=r_1 hold released");
    settle(&h);
    assert_int_equal(heard(&h, 0, "re=h_1 hold held"), 1);
    assert_int_equal(heard(&h, 0, "hold"), 1); /* once each, and nobody hears twice what they were answered */
    assert_int_equal(heard(&h, 1, "hold"), 1);
    assert_int_equal(heard(&h, 2, "hold") + heard(&h, 2, "re="), 0);
    house_close(&h);
}

static void hold_clock_is_for_everyone(void **state)
{
    static struct house h;
    house_open(&h, state);
    join(&h, 0, ROLE_HOST, "anna");
    join(&h, 1, ROLE_VIEWER, "ben");
    say(&h, 0, "{\"t\":\"pause\",\"id\":\"p1\"}");
    await(&h, 0, "clock standing");
    await(&h, 1, "clock standing");
    say(&h, 0, "{\"t\":\"resume\",\"id\":\"p2\"}");
    await(&h, 0, "clock running");
    await(&h, 1, "clock running");
    house_close(&h);
}

static void what_is_for_hosts_is_counted_and_not_shown_to_viewers(void **state)
{
    static struct house h;
    house_open(&h, state);
    join(&h, 0, ROLE_HOST, "anna");
    join(&h, 1, ROLE_VIEWER, "ben");
    say(&h, 0, "{\"t\":\"cue.next\",\"id\":\"n1\"}");
    await(&h, 0, "re=n1 ok");
    uint64_t before = stage_show(h.s)->broadcast->seq;
    char line[64];
    say(&h, 0, "{\"t\":\"cue.done\",\"id\":\"d1\",\"cue\":\"c1\",\"must_say\":[true]}");
    await(&h, 0, "re=d1 ok");
    snprintf(line, sizeof line, "event %llu none", (unsigned long long)before + 1);
    await(&h, 1, line);
    settle(&h);
    assert_int_equal(heard(&h, 0, line), 0);
    assert_int_equal(heard(&h, 1, "demand") + heard(&h, 1, "health"), 0);
    house_close(&h);
}

static void stock_reaches_everyone_and_exact_numbers_reach_hosts(void **state)
{
    static struct house h;
    house_open(&h, state);
    join(&h, 0, ROLE_HOST, "anna");
    join(&h, 1, ROLE_VIEWER, "ben");
    stage_allocate(h.s, 5, "po-1");
    await(&h, 0, "stock");
    await(&h, 0, "counts");
    await(&h, 1, "stock");
    struct show_view show = *stage_show(h.s);
    show.audience = 1234;
    show.audience_shown = 1200;
    show.lag = (struct lag_view){.viewers = 900, .p50_ms = 6000, .p95_ms = 14000};
    struct audience *audience = audience_of(&h);
    audience->publish_audience(audience, &show, ROLE_VIEWER);
    audience->publish_audience(audience, &show, ROLE_HOST);
    audience->publish_lag(audience, &show);
    await(&h, 0, "audience 1234");
    await(&h, 0, "lag");
    await(&h, 1, "audience 1200");
    settle(&h);
    assert_int_equal(heard(&h, 0, "audience 1200") + heard(&h, 1, "audience 1234"), 0);
    assert_int_equal(heard(&h, 1, "counts") + heard(&h, 1, "lag"), 0);
    house_close(&h);
}

static void who_left_is_told_nothing_and_nobody_is_harmed(void **state)
{
    static struct house h;
    house_open(&h, state);
    stage_allocate(h.s, 5, "po-1");
    join(&h, 0, ROLE_VIEWER, "anna");
    join(&h, 1, ROLE_VIEWER, "anna");
    join(&h, 2, ROLE_VIEWER, "anna");
    say(&h, 0, "{\"t\":\"reserve\",\"id\":\"h_1\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}");
    if (h.sockets)
        stage_turn(h.s);
    leave(&h, 0); /* before the answer */
    STAGE_UNTIL(h.s, claims_hold(stage_show(h.s)->claims, "h_1") != NULL);
    leave(&h, 1);
    stage_confirm(h.s, "h_1", 990);
    await(&h, 2, "hold confirmed");
    struct outcome outcome = {.kind = OUTCOME_OK, .re = "x"};
    audience_of(&h)->send(audience_of(&h), 0, &outcome);
    audience_of(&h)->send(audience_of(&h), 12345, &outcome);
    struct viewer_id nobody = {.text = "nobody"};
    audience_of(&h)->send_viewer(audience_of(&h), &shop, &show_id, &nobody, &outcome);
    settle(&h);
    assert_int_equal(heard(&h, 2, "re=x"), 0);
    house_close(&h);
}

static void a_reset_is_a_snapshot_for_everyone(void **state)
{
    static struct house h;
    char line[64];
    house_open(&h, state);
    join(&h, 0, ROLE_HOST, "anna");
    join(&h, 1, ROLE_VIEWER, "ben");
    audience_of(&h)->reset(audience_of(&h), stage_show(h.s));
    await(&h, 0, "snapshot");
    await(&h, 1, "snapshot");
    stage_notice(h.s, "goes on");
    snprintf(line, sizeof line, "event %llu ", (unsigned long long)stage_show(h.s)->broadcast->seq);
    await(&h, 0, line);
    await(&h, 1, line);
    settle(&h);
    assert_int_equal(heard(&h, 1, "snapshot"), 1);
    assert_int_equal(heard(&h, 1, "event"), 1);
    house_close(&h);
}

static bool yes = true;
#define BOTH(test)                                                                                                     \
    {.name = "recording: " #test, .test_func = test},                                                                  \
    {                                                                                                                  \
        .name = "sockets: " #test, .test_func = test, .initial_state = &yes                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(every_event_reaches_everyone_once_and_in_order),
        BOTH(answers_are_for_the_asker_alone),
        BOTH(words_about_a_hold_reach_all_conns_of_its_viewer),
        BOTH(what_one_conn_does_with_a_hold_the_viewers_others_hear),
        BOTH(hold_clock_is_for_everyone),
        BOTH(what_is_for_hosts_is_counted_and_not_shown_to_viewers),
        BOTH(stock_reaches_everyone_and_exact_numbers_reach_hosts),
        BOTH(who_left_is_told_nothing_and_nobody_is_harmed),
        BOTH(a_reset_is_a_snapshot_for_everyone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
