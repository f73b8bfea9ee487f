/* scripts/load/runofshow_write.c - a run of show to its normalised document: one order of fields, absent ones left out. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "scripts/load/runofshow_load.h"

/* All of these take `value`, also NULL for a lack of memory, and report false then: built first, checked once. */
static bool put(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

static bool put_text(json_t *object, const char *name, const char *text)
{
    return text == NULL || put(object, name, json_string(text));
}

static bool put_units(json_t *object, const char *name, uint32_t units)
{
    return units == 0 || put(object, name, json_integer(units));
}

static bool put_phrases(json_t *object, const char *name, char *const *phrases, size_t count)
{
    json_t *list = json_array();
    bool done = list != NULL;
    for (size_t i = 0; done && i < count; i++)
        done = json_array_append_new(list, json_string(phrases[i])) == 0;
    if (done && count > 0)
        return put(object, name, list);
    json_decref(list);
    return done;
}

static bool put_price(json_t *object, const struct money *price)
{
    json_t *written = json_object();
    bool done =
        put(written, "amount", json_integer(price->minor)) && put(written, "currency", json_string(price->currency));
    return put(object, "price", written) && done;
}

static bool put_card(json_t *object, const struct card *card)
{
    json_t *written = json_object();
    bool done = written != NULL && put_text(written, "say", card->say) &&
                put_phrases(written, "must_say", card->must_say, card->must_say_count) &&
                put_phrases(written, "must_not_say", card->must_not_say, card->must_not_say_count) &&
                put_text(written, "notes", card->notes);
    if (done && json_object_size(written) > 0)
        return put(object, "card", written);
    json_decref(written);
    return done;
}

static json_t *cue_write(const struct cue *cue)
{
    json_t *written = json_object();
    bool done = put_text(written, "id", cue->id.text) && put_text(written, "title", cue->title) &&
                put_text(written, "sku", ID_IS_NONE(cue->sku) ? NULL : cue->sku.text) &&
                put_units(written, "slot", cue->slot) && put_units(written, "planned_units", cue->planned_units) &&
                put_units(written, "minutes", cue->minutes) && (!cue->has_price || put_price(written, &cue->price)) &&
                (!cue->sponsored || put(written, "sponsored", json_true())) && put_card(written, &cue->card) &&
                put_text(written, "viewer_text", cue->viewer_text);
    if (done)
        return written;
    json_decref(written);
    return NULL;
}

static json_t *document_write(const struct run_of_show *r)
{
    json_t *document = json_object();
    json_t *cues = json_array();
    bool done = cues != NULL;
    for (size_t i = 0; done && i < r->count; i++)
        done = json_array_append_new(cues, cue_write(&r->cues[i])) == 0;
    if (put(document, "cues", cues) && done)
        return document;
    json_decref(document);
    return NULL;
}

enum result run_of_show_write(const struct run_of_show *r, struct bytes *out)
{
    json_t *document = document_write(r);
    char *text = document == NULL ? NULL : json_dumps(document, JSON_COMPACT);
    json_decref(document);
    if (text == NULL)
        return RESULT_NO_MEMORY;
    size_t len = strlen(text);
    if (len <= RUNOFSHOW_DOCUMENT_MAX)
        bytes_append(out, text, len);
    free(text);
    return len <= RUNOFSHOW_DOCUMENT_MAX ? bytes_result(out) : RESULT_FULL;
}
