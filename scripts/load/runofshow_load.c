/* scripts/load/runofshow_load.c - a document (JSON) to a run of show.
 *
 *   run_of_show_load    size, syntax
 *     read_cues         each cue, ids unique
 *       read_object     every member by the table of its object; what is in no table is refused
 *         read_...      one kind of value each: checks it, stores it
 *
 * A reader stores at once and never cleans up: what was stored is owned by the run of show, which the one failing way out
 * finishes as a whole. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "scripts/load/load_fault.h"

struct member {
    const char *name;
    enum result (*read)(json_t *value, const struct place *at, void *into, struct load_fault *fault);
    bool required;
};

/* ---- kinds of values ---- */

static enum result read_object(json_t *value, const struct place *at, const struct member *members, size_t count,
                               void *into, struct load_fault *fault)
{
    if (!json_is_object(value))
        return load_fault_at(fault, at, "must be an object");
    const char *name;
    json_t *found;
    json_object_foreach(value, name, found)
    {
        struct place here = {.in = at, .member = name};
        size_t i = 0;
        while (i < count && strcmp(members[i].name, name) != 0)
            i++;
        if (i == count)
            return load_fault_at(fault, &here, "is not a known field");
        enum result result = members[i].read(found, &here, into, fault);
        if (result != RESULT_OK)
            return result;
    }
    for (size_t i = 0; i < count; i++) {
        struct place here = {.in = at, .member = members[i].name};
        if (members[i].required && json_object_get(value, members[i].name) == NULL)
            return load_fault_at(fault, &here, "is missing");
    }
    return RESULT_OK;
}

/* Numbers are read as doubles, which are exact far beyond every limit here: a number too large for an integer is then
 * refused as any other out of range, with its field named. 4.0 is a whole number, 4.5 is not. */
static enum result read_whole(json_t *value, const struct place *at, int64_t max, int64_t *ret,
                              struct load_fault *fault)
{
    double number = json_is_real(value) ? json_real_value(value) : -1;
    if (number >= 0 && number <= (double)max && (double)(int64_t)number == number) {
        *ret = (int64_t)number;
        return RESULT_OK;
    }
    return load_fault_at(fault, at, "must be a whole number from 0 to %lld", (long long)max);
}

static enum result read_whole_u32(json_t *value, const struct place *at, uint32_t max, uint32_t *ret,
                                  struct load_fault *fault)
{
    int64_t number = 0;
    enum result result = read_whole(value, at, max, &number, fault);
    if (result == RESULT_OK)
        *ret = (uint32_t)number;
    return result;
}

static enum result read_id(json_t *value, const struct place *at, char ret[ID_LEN_MAX + 1], struct load_fault *fault)
{
    if (!json_is_string(value) || id_parse(ret, json_string_value(value), json_string_length(value)) != RESULT_OK)
        return load_fault_at(fault, at, "must be 1 to %d characters out of A-Z a-z 0-9 . _ ~ -", ID_LEN_MAX);
    return RESULT_OK;
}

struct text_rule {
    size_t max;    /* bytes */
    bool required; /* neither empty nor blank; otherwise a blank text is stored as NULL */
    bool lines;    /* line ends and tabs are allowed */
};

static bool is_control(unsigned char c, bool lines)
{
    return (c < ' ' && !(lines && (c == '\n' || c == '\r' || c == '\t'))) || c == 0x7f;
}

static enum result read_text(json_t *value, const struct place *at, struct text_rule rule, char **ret,
                             struct load_fault *fault)
{
    if (!json_is_string(value))
        return load_fault_at(fault, at, "must be text");
    const char *text = json_string_value(value);
    if (json_string_length(value) > rule.max)
        return load_fault_at(fault, at, "must be at most %zu bytes, is %zu", rule.max, json_string_length(value));
    for (const char *c = text; *c != '\0'; c++)
        if (is_control((unsigned char)*c, rule.lines))
            return load_fault_at(fault, at, "must not hold control characters");
    if (text[strspn(text, " \t\r\n")] == '\0')
        return rule.required ? load_fault_at(fault, at, "must not be empty") : RESULT_OK;
    *ret = strdup(text);
    return *ret == NULL ? RESULT_NO_MEMORY : RESULT_OK;
}

static enum result read_phrases(json_t *value, const struct place *at, char **phrases, size_t *ret_count,
                                struct load_fault *fault)
{
    static const struct text_rule rule = {.max = CARD_PHRASE_MAX, .required = true};
    if (!json_is_array(value) || json_array_size(value) > CARD_PHRASES_MAX)
        return load_fault_at(fault, at, "must be a list of at most %d texts", CARD_PHRASES_MAX);
    *ret_count = json_array_size(value);
    for (size_t i = 0; i < *ret_count; i++) {
        struct place here = {.in = at, .index = i};
        enum result result = read_text(json_array_get(value, i), &here, rule, &phrases[i], fault);
        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

/* ---- a price ---- */

static enum result read_amount(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct money *money = into;
    return read_whole(value, at, MONEY_MINOR_MAX, &money->minor, fault);
}

static enum result read_currency(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct money *money = into;
    if (!json_is_string(value) || !currency_is_valid(json_string_value(value), json_string_length(value)))
        return load_fault_at(fault, at, "must be a currency of three capital letters, such as EUR");
    memcpy(money->currency, json_string_value(value), sizeof money->currency);
    return RESULT_OK;
}

static const struct member price_members[] = {
    {"amount", read_amount, true},
    {"currency", read_currency, true},
};

/* ---- a card ---- */

static enum result read_say(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct card *card = into;
    return read_text(value, at, (struct text_rule){.max = CARD_SAY_MAX, .lines = true}, &card->say, fault);
}

static enum result read_must_say(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct card *card = into;
    return read_phrases(value, at, card->must_say, &card->must_say_count, fault);
}

static enum result read_must_not_say(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct card *card = into;
    return read_phrases(value, at, card->must_not_say, &card->must_not_say_count, fault);
}

static enum result read_notes(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct card *card = into;
    return read_text(value, at, (struct text_rule){.max = CARD_SAY_MAX, .lines = true}, &card->notes, fault);
}

static const struct member card_members[] = {
    {"say", read_say, false},
    {"must_say", read_must_say, false},
    {"must_not_say", read_must_not_say, false},
    {"notes", read_notes, false},
};

/* ---- a cue ---- */

static enum result read_cue_id(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct cue *cue = into;
    return read_id(value, at, cue->id.text, fault);
}

static enum result read_title(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct cue *cue = into;
    return read_text(value, at, (struct text_rule){.max = RUNOFSHOW_TITLE_MAX, .required = true}, &cue->title, fault);
}

static enum result read_sku(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct cue *cue = into;
    return read_id(value, at, cue->sku.text, fault);
}

static enum result read_slot(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct cue *cue = into;
    uint32_t slot = 0;
    enum result result = read_whole_u32(value, at, CUE_SLOTS - 1, &slot, fault);
    cue->slot = (uint8_t)slot;
    return result;
}

static enum result read_planned_units(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct cue *cue = into;
    return read_whole_u32(value, at, CUE_PLANNED_UNITS_MAX, &cue->planned_units, fault);
}

static enum result read_minutes(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct cue *cue = into;
    return read_whole_u32(value, at, CUE_MINUTES_MAX, &cue->minutes, fault);
}

static enum result read_price(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct cue *cue = into;
    cue->has_price = true;
    return read_object(value, at, price_members, ARRAY_LEN(price_members), &cue->price, fault);
}

static enum result read_sponsored(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct cue *cue = into;
    if (!json_is_boolean(value))
        return load_fault_at(fault, at, "must be true or false");
    cue->sponsored = json_is_true(value);
    return RESULT_OK;
}

static enum result read_card(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct cue *cue = into;
    return read_object(value, at, card_members, ARRAY_LEN(card_members), &cue->card, fault);
}

static enum result read_viewer_text(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct cue *cue = into;
    static const struct text_rule rule = {.max = RUNOFSHOW_TEXT_MAX, .lines = true};
    return read_text(value, at, rule, &cue->viewer_text, fault);
}

static const struct member cue_members[] = {
    {"id", read_cue_id, true},
    {"title", read_title, true},
    {"sku", read_sku, false},
    {"slot", read_slot, false},
    {"planned_units", read_planned_units, false},
    {"minutes", read_minutes, false},
    {"price", read_price, false},
    {"sponsored", read_sponsored, false},
    {"card", read_card, false},
    {"viewer_text", read_viewer_text, false},
};

/* ---- the whole ---- */

static enum result read_cue(json_t *value, size_t index, const struct place *cues, struct run_of_show *run,
                            struct load_fault *fault)
{
    struct place here = {.in = cues, .index = index};
    struct cue *cue = &run->cues[index];
    enum result result = read_object(value, &here, cue_members, ARRAY_LEN(cue_members), cue, fault);
    if (result != RESULT_OK)
        return result;
    int32_t first = run_of_show_find(run, cue->id.text);
    struct place id = {.in = &here, .member = "id"};
    return (size_t)first == index ? RESULT_OK : load_fault_at(fault, &id, "is the id of cues[%d] too", first);
}

static enum result read_cues(json_t *value, const struct place *at, void *into, struct load_fault *fault)
{
    struct run_of_show *run = into;
    if (!json_is_array(value) || json_array_size(value) > RUNOFSHOW_CUES_MAX)
        return load_fault_at(fault, at, "must be a list of at most %d cues", RUNOFSHOW_CUES_MAX);
    size_t count = json_array_size(value);
    if (count == 0)
        return RESULT_OK;
    run->cues = calloc(count, sizeof *run->cues);
    if (run->cues == NULL)
        return RESULT_NO_MEMORY;
    run->count = count;
    for (size_t i = 0; i < count; i++) {
        enum result result = read_cue(json_array_get(value, i), i, at, run, fault);
        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

static enum result document_parse(const char *data, size_t len, json_t **ret, struct load_fault *fault)
{
    json_error_t error;
    if (len > RUNOFSHOW_DOCUMENT_MAX)
        return fault_of_document(fault, "must be at most %u bytes, is %zu", RUNOFSHOW_DOCUMENT_MAX, len);
    *ret = json_loadb(len == 0 ? "" : data, len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
    if (*ret != NULL)
        return RESULT_OK;
    if (error.text[0] ==
        '\0') /* a parser without memory has nothing to say (or blames the text: that we cannot tell) */
        return RESULT_NO_MEMORY;
    return fault_of_document(fault, "line %d, column %d: %s", error.line, error.column, error.text);
}

enum result run_of_show_load(const char *data, size_t len, struct run_of_show *ret, struct load_fault *ret_fault)
{
    static const struct member members[] = {{"cues", read_cues, true}};
    struct run_of_show run = {0};
    json_t *document = NULL;
    enum result result = document_parse(data, len, &document, ret_fault);
    if (result == RESULT_OK && !json_is_object(document))
        result = fault_of_document(ret_fault, "must be an object");
    if (result == RESULT_OK)
        result = read_object(document, NULL, members, ARRAY_LEN(members), &run, ret_fault);
    json_decref(document);
    if (result != RESULT_OK) {
        run_of_show_finish(&run);
        return result;
    }
    *ret = run;
    return RESULT_OK;
}
