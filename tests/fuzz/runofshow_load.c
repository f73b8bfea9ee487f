/* tests/fuzz/runofshow_load.c - any bytes: a run of show that loads is within its limits, and what is written of it loads
 * to the same; a refusal says where and what in plain ASCII. */
#include <stdlib.h>
#include <string.h>

#include "scripts/load/runofshow_load.h"
#include "tests/unit/scripts/load/run_equal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t max) { MUST(text == NULL || (*text != '\0' && strlen(text) <= max)); }

static void check_phrases(char *const *phrases, size_t count)
{
    MUST(count <= CARD_PHRASES_MAX);
    for (size_t i = 0; i < count; i++) {
        MUST(phrases[i] != NULL);
        check_text(phrases[i], CARD_PHRASE_MAX);
    }
}

static void check_cue(const struct run_of_show *run, size_t index)
{
    const struct cue *cue = &run->cues[index];
    MUST(id_is_valid(cue->id.text, strlen(cue->id.text)));
    MUST(run_of_show_find(run, cue->id.text) == (int32_t)index);
    MUST(cue->title != NULL && ID_IS_NONE(cue->sku) == !id_is_valid(cue->sku.text, strlen(cue->sku.text)));
    check_text(cue->title, RUNOFSHOW_TITLE_MAX);
    check_text(cue->viewer_text, RUNOFSHOW_TEXT_MAX);
    check_text(cue->card.say, CARD_SAY_MAX);
    check_text(cue->card.notes, CARD_SAY_MAX);
    check_phrases(cue->card.must_say, cue->card.must_say_count);
    check_phrases(cue->card.must_not_say, cue->card.must_not_say_count);
    MUST(cue->slot < CUE_SLOTS && cue->planned_units <= CUE_PLANNED_UNITS_MAX && cue->minutes <= CUE_MINUTES_MAX);
    MUST(cue->price.minor >= 0 && cue->price.minor <= MONEY_MINOR_MAX);
    MUST(currency_is_valid(cue->price.currency, strlen(cue->price.currency)) == cue->has_price);
}

static void check_fault(const struct load_fault *fault)
{
    MUST(memchr(fault->field, '\0', sizeof fault->field) != NULL &&
         memchr(fault->detail, '\0', sizeof fault->detail) != NULL);
    MUST(fault->detail[0] != '\0');
    for (const char *c = fault->field; *c != '\0'; c++)
        MUST(*c >= ' ' && *c <= '~');
    for (const char *c = fault->detail; *c != '\0'; c++)
        MUST(*c >= ' ' && *c <= '~');
}

static void check_written(const struct run_of_show *run)
{
    struct bytes out = {0};
    struct run_of_show again = {0};
    struct load_fault fault;
    enum result result = run_of_show_write(run, &out);
    if (result == RESULT_OK) {
        MUST(run_of_show_load(out.data, out.len, &again, &fault) == RESULT_OK);
        MUST(same_run(run, &again));
        run_of_show_finish(&again);
    }
    MUST(result == RESULT_OK || result == RESULT_FULL);
    bytes_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run_of_show run = {0};
    struct load_fault fault = {{0}, {0}};
    enum result result = run_of_show_load((const char *)data, size, &run, &fault);
    if (result != RESULT_OK) {
        MUST(result == RESULT_MALFORMED);
        check_fault(&fault);
        return 0;
    }
    MUST(run.count <= RUNOFSHOW_CUES_MAX);
    for (size_t i = 0; i < run.count; i++)
        check_cue(&run, i);
    check_written(&run);
    run_of_show_finish(&run);
    return 0;
}
