/* Every call against the model: play_judge goes through the calls of a group; of each, first its entries in the ledger, then its
 * answers. */
#include "tests/torture/play.h"

#include <string.h>

static struct play *playing; /* `done` says nothing of who asked */

/* ---- hearing ---- */

static void play_answered(struct inventory_request *r)
{
    struct play *p = playing;
    MUST(r == &p->got[p->answered]); /* in the order of asking */
    p->answered++;
}

static void entry_heard(struct ledger_follow *follow, const struct ledger_entry *entry)
{
    struct play *p = container_of(follow, struct play, follow);
    struct told_entry *t = told_copy(entry);
    list_push_back(&p->heard, &t->link);
    MUST(claims_fold(&p->claims, entry) == RESULT_OK);
}

static void ledger_caught_up(struct ledger_follow *follow)
{
    container_of(follow, struct play, follow)->is_caught_up = true;
}
static void ledger_lost(struct ledger_follow *follow) { (void)follow; }
static void ledger_rewound(struct ledger_follow *follow)
{
    container_of(follow, struct play, follow)->was_rewound = true;
}

void play_follow(struct play *p, struct ledger *ledger)
{
    p->follow = (struct ledger_follow){.shop = {SHOP},
                                       .entry = entry_heard,
                                       .caught_up = ledger_caught_up,
                                       .lost = ledger_lost,
                                       .rewound = ledger_rewound};
    ledger->follow(ledger, &p->follow);
}

bool play_is_answered(const struct play *p) { return p->answered == p->count; }

bool play_has_last_entry(const struct play *p)
{
    return p->was_rewound || p->acknowledged[0] == '\0' || strcmp(p->claims.ledger_id, p->acknowledged) == 0;
}

void play_call_begins(struct play *p)
{
    MUST(p->calls < CALLS_MAX);
    p->call_begins[p->calls++] = p->answered;
}

/* The end of the ledger by what was answered. What was done twice was answered after it was done the first time. */
void play_acknowledge(struct play *p)
{
    size_t from = p->twice > 0 ? p->call_begins[p->twice - 1] : 0;
    if (p->twice > 0)
        memcpy(p->acknowledged, p->unanswered, sizeof p->acknowledged);
    for (size_t i = from; i < p->answered; i++)
        if (p->got[i].ledger_id[0] != '\0')
            memcpy(p->acknowledged, p->got[i].ledger_id, sizeof p->acknowledged);
}

/* ---- comparing ---- */

static void digest_number(struct play *p, int64_t number)
{
    for (unsigned i = 0; i < sizeof number; i++)
        p->digest = (p->digest ^ (uint64_t)((number >> (8 * i)) & 0xff)) * UINT64_C(1099511628211);
}

static void digest_answer(struct play *p, const struct inventory_request *r)
{
    digest_number(p, r->answer);
    digest_number(p, r->hold.state == HOLD_NONE ? 0 : r->hold.expires_at_ms + (int64_t)r->hold.state);
    digest_number(p, r->ahead);
    digest_number(p, r->count.available);
    digest_number(p, r->count.held);
}

static void differ(struct play *p, size_t i, const char *what)
{
    struct bytes *out = &p->difference;
    const struct inventory_request *got = &p->got[i];
    const struct model_answer *want = &p->wanted[i];
    bytes_format(out, "  %s\n  request %zu of %zu at %lld: ", what, i, p->count, (long long)p->now_ms);
    told_write_request(out, &p->asked[i]);
    bytes_format(out, "\n  expected: %s line %u ahead %lld hold ", inventory_answer_name(want->answer),
                 want->fault_line, (long long)(want->has_ahead ? want->ahead : -1));
    if (want->has_hold)
        told_write_hold(out, &want->hold);
    bytes_text(out, " count ");
    if (want->has_count)
        told_write_count(out, &want->count);
    bytes_format(out, "\n  got:      %s %s line %u ahead %lld entry [%s] hold ", result_name(got->result),
                 inventory_answer_name(got->answer), got->fault_line, (long long)got->ahead, got->ledger_id);
    if (got->hold.state != HOLD_NONE)
        told_write_hold(out, &got->hold);
    bytes_text(out, " count ");
    told_write_count(out, &got->count);
    bytes_text(out, "\n");
}

static bool judge_answer(struct play *p, size_t i)
{
    const struct inventory_request *got = &p->got[i];
    const struct model_answer *want = &p->wanted[i];
    if (got->result != RESULT_OK)
        differ(p, i, "no answer");
    else if (got->answer != want->answer)
        differ(p, i, "another answer");
    else if (want->has_line && got->fault_line != want->fault_line)
        differ(p, i, "another line is at fault");
    else if (want->has_ahead && got->ahead != want->ahead)
        differ(p, i, "another place in line");
    else if (want->has_hold ? !told_same_hold(&want->hold, &got->hold) : got->hold.state != HOLD_NONE)
        differ(p, i, "another hold");
    else if (want->has_count && !told_same_count(&want->count, &got->count))
        differ(p, i, "another count");
    p->answers[p->asked[i].op][got->answer]++;
    digest_answer(p, got);
    return p->difference.len == 0;
}

static struct told_entry *next_heard(struct play *p)
{
    if (list_is_empty(&p->heard))
        return NULL;
    struct told_entry *t = container_of(p->heard.next, struct told_entry, link);
    list_remove(&t->link);
    p->entries++;
    return t;
}

static bool judge_entry(struct play *p, struct told_entry *t, bool is_wanted)
{
    if (t == NULL && is_wanted)
        bytes_text(&p->difference, "  movements, and no entry in the ledger\n");
    else if (t != NULL && !is_wanted)
        bytes_format(&p->difference, "  an entry in the ledger, %s, and no movement\n", t->entry.id);
    else if (t != NULL && !told_agrees(t, &p->model, &p->difference))
        bytes_format(&p->difference, "  in a call at %lld\n", (long long)p->now_ms);
    told_free(t);
    return p->difference.len == 0;
}

/* The entries of a call: up to the id that its answers carry. */
static bool judge_call(struct play *p, size_t first, size_t count, const char *last_id)
{
    struct told_entry *moved = NULL, *kept = NULL;
    struct told_entry *t = last_id[0] == '\0' ? NULL : next_heard(p);
    if (t != NULL && !t->entry.is_checkpoint) {
        moved = t;
        t = strcmp(t->entry.id, last_id) == 0 ? NULL : next_heard(p);
    }
    kept = t;
    const char *ended_at = kept != NULL ? kept->entry.id : moved != NULL ? moved->entry.id : "";
    if (strcmp(ended_at, last_id) != 0)
        bytes_format(&p->difference, "  a call whose last entry is [%s] says [%s]\n", ended_at, last_id);
    if (!model_call(&p->model, p->asked + first, count, p->now_ms, moved == NULL ? NULL : &moved->entry,
                    p->wanted + first))
        bytes_text(&p->difference, "  a hold expired that was not due, or more or fewer than one call may end\n");
    bool is_right = judge_entry(p, moved, p->model.told_kept > 0);
    return judge_entry(p, kept, p->model.writes_checkpoint) && is_right && p->difference.len == 0;
}

static bool judge_answers(struct play *p, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        if (strcmp(p->got[i].ledger_id, p->got[first].ledger_id) != 0)
            differ(p, i, "another ledger id than the rest of the call");
        else if (!judge_answer(p, i))
            break;
    return p->difference.len == 0;
}

static bool judge(struct play *p)
{
    p->call_begins[p->calls] = p->count;
    for (size_t c = 0; c < p->calls; c++) {
        size_t first = p->call_begins[c], count = p->call_begins[c + 1] - first;
        if (p->twice == c + 1 && !judge_call(p, first, count, p->unanswered))
            return false;
        bool entries_are_right = judge_call(p, first, count, p->got[first].ledger_id);
        if (!judge_answers(p, first, count) || !entries_are_right)
            return false;
    }
    if (!list_is_empty(&p->heard))
        bytes_text(&p->difference, "  an entry in the ledger that no call wrote\n");
    if (p->was_rewound)
        bytes_text(&p->difference, "  the ledger was called rewound\n");
    if (p->claims.differences > 0)
        bytes_format(&p->difference, "  the fold found a difference: %s\n", p->claims.difference);
    return p->difference.len == 0;
}

/* ---- a group ---- */

void play_begin(struct play *p, int64_t now_ms)
{
    memset(p, 0, sizeof *p);
    p->now_ms = now_ms;
    p->digest = UINT64_C(14695981039346656037);
    list_init(&p->heard);
    claims_init(&p->claims);
    model_init(&p->model);
}

void play_end(struct play *p)
{
    list_for_each (at, &p->heard)
        told_free(container_of(at, struct told_entry, link));
    claims_finish(&p->claims);
    model_finish(&p->model);
    bytes_finish(&p->difference);
}

bool play_group(struct play *p, size_t count)
{
    playing = p;
    p->count = count;
    p->answered = p->calls = p->twice = 0;
    for (size_t i = 0; i < count; i++) {
        p->got[i] = p->asked[i];
        p->got[i].done = play_answered;
    }
    play_ask(p);
    p->operations += count;
    p->calls_made += p->calls;
    return p->difference.len == 0 && judge(p);
}
