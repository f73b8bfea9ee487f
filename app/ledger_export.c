/* app/ledger_export.c - from the ledger to a file that can be trusted.
 *
 *   ledger_export      what is there, and where to begin
 *     continue_file    FILE goes on where it ended, and only if its last entry is still the ledger's own
 *     check_coverage   acknowledged is only what some archive has without a gap
 *     export_entries   page by page
 *     export_close     synced and renamed first, acknowledged then */
#include "app/ledger_export.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "app/ledger_file.h"
#include "app/ledger_json.h"

struct exporting {
    struct archive *archive;
    const struct ledger_export *asked;
    struct archive_state state;
    struct ledger_file file;
    struct bytes line;
    char after[LEDGER_ID_LEN_MAX + 1], first[LEDGER_ID_LEN_MAX + 1]; /* first: that FILE begins with, "" nothing */
    char last[LEDGER_ID_LEN_MAX + 1];                                /* written last */
    uint64_t entries;
    struct fault *fault;
};

static enum result archive_fault(struct exporting *e, enum result result)
{
    if (result == RESULT_MALFORMED)
        result = RESULT_CONFLICT; /* what the ledger has, not what was asked */
    return fault_set(e->fault, result, "shop %s: %s", e->archive->shop.text, e->archive->ask.why);
}

/* ---- where to begin ---- */

static enum result line_id(struct exporting *e, const struct bytes *line, char ret[LEDGER_ID_LEN_MAX + 1])
{
    json_t *json = line->len == 0 ? NULL : json_loadb(line->data, line->len, 0, NULL);
    const char *shop = json_string_value(json_object_get(json, "shop"));
    const char *id = json_string_value(json_object_get(json, "id"));
    enum result result = RESULT_OK;
    if (shop == NULL || id == NULL || !archive_id_is_valid(id))
        result = fault_set(e->fault, RESULT_CONFLICT, "%s is no archive of a ledger", e->file.name);
    else if (strcmp(shop, e->archive->shop.text) != 0)
        result = fault_set(e->fault, RESULT_CONFLICT, "%s is the ledger of shop %s", e->file.name, shop);
    else
        snprintf(ret, LEDGER_ID_LEN_MAX + 1, "%s", id);
    json_decref(json);
    return result;
}

static enum result write_line(void *ctx, const struct ledger_entry *entry)
{
    struct exporting *e = ctx;
    bytes_clear(&e->line);
    ledger_json_write(&e->line, &e->archive->shop, entry);
    return bytes_result(&e->line);
}

/* An entry that is gone, or another one under its id: a fail-over lost the end of the ledger that FILE has. */
static enum result check_last(struct exporting *e)
{
    if (archive_id_compare(e->after, e->state.first_id) < 0)
        return fault_set(e->fault, RESULT_CONFLICT,
                         "the ledger was cut behind %s, the end of %s: entries are missing between. Export to another "
                         "file; it begins with a checkpoint",
                         e->after, e->file.name);
    enum result result = archive_one(e->archive, e->after, write_line, e);
    bool is_same = result == RESULT_OK && e->line.len == e->file.last_line.len &&
                   memcmp(e->line.data, e->file.last_line.data, e->line.len) == 0;
    if (is_same)
        return RESULT_OK;
    if (result != RESULT_OK && result != RESULT_NOT_FOUND)
        return archive_fault(e, result);
    return fault_set(
        e->fault, RESULT_CONFLICT,
        "the last entry of %s, %s, is not in the ledger: history was lost after it was exported, or the file was "
        "changed. Keep the file, export to another one and compare",
        e->file.name, e->after);
}

static enum result continue_file(struct exporting *e)
{
    char last[LEDGER_ID_LEN_MAX + 1];
    enum result result = ledger_file_open(&e->file, e->asked->out, e->fault);
    if (result != RESULT_OK || e->file.last_line.len == 0)
        return result;
    result = line_id(e, &e->file.first_line, e->first);
    if (result == RESULT_OK)
        result = line_id(e, &e->file.last_line, last);
    if (result != RESULT_OK)
        return result;
    if (e->after[0] != '\0' && strcmp(e->after, last) != 0)
        return fault_set(e->fault, RESULT_MALFORMED, "%s ends with %s: without --after it is continued there",
                         e->file.name, last);
    memcpy(e->after, last, sizeof e->after);
    return check_last(e);
}

static enum result read_after(struct exporting *e)
{
    const char *after = e->asked->after;
    if (after != NULL && strcmp(after, "acknowledged") == 0)
        after = e->state.acknowledged;
    if (after != NULL && *after != '\0' && !archive_id_is_valid(after))
        return fault_set(e->fault, RESULT_MALFORMED, "--after is the id of a ledger entry, or \"acknowledged\"");
    if (after != NULL && *after != '\0' && archive_id_compare(after, e->state.last_id) > 0)
        return fault_set(e->fault, RESULT_CONFLICT, "there is nothing behind %s: the ledger ends with %s", after,
                         e->state.last_id[0] == '\0' ? "nothing" : e->state.last_id);
    snprintf(e->after, sizeof e->after, "%s", after == NULL ? "" : after);
    return RESULT_OK;
}

/* From the first entry that was not acknowledged on, the archive must have every one. */
static enum result check_coverage(struct exporting *e)
{
    char due[LEDGER_ID_LEN_MAX + 1];
    if (!e->asked->acknowledges)
        return RESULT_OK;
    enum result result = archive_next_id(e->archive, e->state.acknowledged, due);
    if (result != RESULT_OK)
        return archive_fault(e, result);
    bool begins_late = e->first[0] != '\0' ? archive_id_compare(e->first, due) > 0
                                           : e->after[0] != '\0' && archive_id_compare(e->after, due) >= 0;
    if (due[0] == '\0' || !begins_late)
        return RESULT_OK;
    return fault_set(e->fault, RESULT_CONFLICT,
                     "not acknowledged: no archive has the entries from %s on, and this one begins later. Leave out "
                     "--after, or say --after acknowledged",
                     due);
}

/* ---- writing ---- */

static enum result export_entry(void *ctx, const struct ledger_entry *entry)
{
    struct exporting *e = ctx;
    enum result result = write_line(e, entry);
    if (result != RESULT_OK)
        return fault_set(e->fault, RESULT_IO, "ledger entry %s is too large", entry->id);
    snprintf(e->last, sizeof e->last, "%s", entry->id);
    e->entries++;
    if (e->asked->out != NULL)
        return ledger_file_append(&e->file, &e->line, e->fault);
    return fwrite(e->line.data, 1, e->line.len, stdout) == e->line.len
               ? RESULT_OK
               : fault_set(e->fault, RESULT_IO, "standard output takes no more");
}

static enum result export_entries(struct exporting *e)
{
    e->fault->text[0] = '\0';
    snprintf(e->last, sizeof e->last, "%s", e->after);
    if (e->state.entries == 0)
        return RESULT_OK;
    enum result result = archive_each(e->archive, e->after, e->state.last_id, export_entry, e);
    return result == RESULT_OK || e->fault->text[0] != '\0' ? result : archive_fault(e, result);
}

static enum result export_close(struct exporting *e)
{
    enum result result = RESULT_OK;
    if (e->asked->out == NULL)
        return fflush(stdout) == 0 ? RESULT_OK : fault_set(e->fault, RESULT_IO, "standard output takes no more");
    if (e->entries > 0)
        result = ledger_file_commit(&e->file, e->fault);
    bool archived = e->entries > 0 || e->file.last_line.len > 0; /* otherwise FILE has nothing that could be safe */
    if (result == RESULT_OK && e->asked->acknowledges && archived) {
        result = archive_acknowledge(e->archive, e->last);
        if (result != RESULT_OK)
            return archive_fault(e, result);
    }
    if (result == RESULT_OK)
        printf("shop %s: %" PRIu64 " entries written to %s, up to %s%s\n", e->archive->shop.text, e->entries,
               e->asked->out, e->last[0] == '\0' ? "nothing" : e->last,
               e->asked->acknowledges && archived ? ", acknowledged" : "");
    return result;
}

enum result ledger_export(struct archive *a, const struct ledger_export *export, struct fault *fault)
{
    struct exporting e = {.archive = a, .asked = export, .fault = fault};
    if (export->acknowledges && export->out == NULL)
        return fault_set(fault, RESULT_MALFORMED, "--acknowledge needs --out: only a file can be known to be safe");
    enum result result = archive_state_get(a, &e.state);
    result = result == RESULT_OK ? read_after(&e) : archive_fault(&e, result);
    if (result == RESULT_OK && export->out != NULL)
        result = continue_file(&e);
    if (result == RESULT_OK)
        result = check_coverage(&e);
    if (result == RESULT_OK)
        result = export_entries(&e);
    if (result == RESULT_OK)
        result = export_close(&e);
    ledger_file_close(&e.file);
    bytes_finish(&e.line);
    return result;
}
