/* ws/wire/csv_row.c - rows and cells.
 *
 *   csv_next            the next row with any text in it
 *     row_read          cells up to the end of the line
 *       cell_read       quoted or bare
 *         cell_end      trims, closes with a NUL */
#include "ws/wire/csv_row.h"

#include <string.h>

static bool is_line_end(char c) { return c == '\n' || c == '\r'; }

static char separator_of(const char *data, size_t len)
{
    bool quoted = false;
    for (size_t at = 0; at < len && (quoted || !is_line_end(data[at])); at++) {
        if (data[at] == '"')
            quoted = !quoted;
        else if (data[at] == '\t' && !quoted)
            return '\t';
    }
    return ',';
}

void csv_init(struct csv_reader *r, const char *data, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";
    *r = (struct csv_reader){.data = data, .len = len};
    if (len >= 3 && memcmp(data, mark, 3) == 0)
        r->at = 3;
    r->separator = len == 0 ? ',' : separator_of(data + r->at, len - r->at);
    bytes_init(&r->text, CSV_ROW_BYTES_MAX + CSV_CELLS_MAX);
}

void csv_finish(struct csv_reader *r) { bytes_finish(&r->text); }

static bool is_at(const struct csv_reader *r, char c) { return r->at < r->len && r->data[r->at] == c; }

static bool is_at_cell_end(const struct csv_reader *r)
{
    return r->at == r->len || r->data[r->at] == r->separator || is_line_end(r->data[r->at]);
}

static enum csv_answer cell_end(struct csv_reader *r)
{
    bytes_append(&r->text, "", 1);
    if (r->text.failed)
        return CSV_TOO_MUCH;
    char *text = r->text.data + r->starts[r->count - 1];
    size_t len = strlen(text); /* no NUL inside: catalogue_csv_decode has looked */
    size_t lead = strspn(text, " ");
    while (len > lead && text[len - 1] == ' ')
        len--;
    memmove(text, text + lead, len - lead);
    text[len - lead] = '\0';
    r->text.len = (size_t)(text - r->text.data) + len - lead + 1;
    return CSV_ROW;
}

/* Between the quotes, the first of which is here; a doubled quote stands for one. Behind the last only spaces may come. */
static enum csv_answer quoted_read(struct csv_reader *r)
{
    bool more = true;
    while (more) {
        size_t start = ++r->at;
        const char *quote = start == r->len ? NULL : memchr(r->data + start, '"', r->len - start);
        if (quote == NULL)
            return CSV_QUOTE;
        r->at = (size_t)(quote - r->data) + 1;
        more = is_at(r, '"');
        bytes_append(&r->text, r->data + start, r->at - start - (more ? 0 : 1)); /* with the first of two */
    }
    while (is_at(r, ' '))
        r->at++;
    return is_at_cell_end(r) ? cell_end(r) : CSV_QUOTE;
}

static enum csv_answer cell_read(struct csv_reader *r)
{
    if (r->count == CSV_CELLS_MAX)
        return CSV_TOO_MUCH;
    r->starts[r->count++] = r->text.len;
    if (is_at(r, '"'))
        return quoted_read(r);
    size_t start = r->at;
    for (; !is_at_cell_end(r); r->at++)
        if (r->data[r->at] == '"')
            return CSV_QUOTE;
    bytes_append(&r->text, r->data + start, r->at - start);
    return cell_end(r);
}

static void line_end_skip(struct csv_reader *r)
{
    if (is_at(r, '\r'))
        r->at++;
    if (is_at(r, '\n'))
        r->at++;
}

static enum csv_answer row_read(struct csv_reader *r)
{
    r->row++;
    r->count = 0;
    bytes_clear(&r->text);
    enum csv_answer answer = cell_read(r);
    while (answer == CSV_ROW && is_at(r, r->separator)) {
        r->at++;
        answer = cell_read(r);
    }
    if (answer == CSV_ROW)
        line_end_skip(r);
    return answer;
}

enum csv_answer csv_next(struct csv_reader *r)
{
    while (r->at < r->len) {
        enum csv_answer answer = row_read(r);
        if (answer != CSV_ROW || r->text.len > r->count) /* more than the NULs */
            return answer;
    }
    return CSV_END;
}

const char *csv_cell(const struct csv_reader *r, size_t index) { return r->text.data + r->starts[index]; }
