/* ws/wire/csv_row.h - rows and cells of comma- or tab-separated values (RFC 4180). For the files of this module alone.
 *
 * Quotes may hold separators, line ends and doubled quotes. Line ends are CRLF, LF or CR. A byte order mark is skipped. */
#ifndef LIVESHELF_WS_WIRE_CSV_ROW_H
#define LIVESHELF_WS_WIRE_CSV_ROW_H

#include "base/bytes.h"

#define CSV_CELLS_MAX 256
#define CSV_ROW_BYTES_MAX (64u << 10)

struct csv_reader {
    const char *data;
    size_t len, at;
    char separator;
    unsigned row;      /* of the last row read, from 1 */
    struct bytes text; /* of the cells, each with a NUL behind it */
    size_t starts[CSV_CELLS_MAX];
    size_t count;
};

enum csv_answer {
    CSV_ROW,
    CSV_END,      /* no more rows */
    CSV_QUOTE,    /* a quote that does not end, or stands where none may */
    CSV_TOO_MUCH, /* over CSV_CELLS_MAX or CSV_ROW_BYTES_MAX, or no memory */
};

/* The separator is a tab when the first row has one outside of quotes, a comma otherwise. */
void csv_init(struct csv_reader *r, const char *data, size_t len);
void csv_finish(struct csv_reader *r);
/* Rows without any text are counted and passed over. Cells are trimmed of spaces, and valid until the next call. */
enum csv_answer csv_next(struct csv_reader *r);
const char *csv_cell(const struct csv_reader *r, size_t index);

#endif
