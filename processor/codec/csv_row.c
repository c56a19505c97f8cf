/* codec/csv_row.c: libcsv, its fields kept one behind another. */
#include "codec/csv_row.h"

#include <csv.h>
#include <stdlib.h>

#include "base/memory.h"

struct csv_row {
    struct csv_parser parser;
    struct buffer bytes;
    size_t *ends; /* of each field in `bytes` */
    size_t count, capacity, rows;
};

struct csv_row *csv_row_new(void)
{
    struct csv_row *row = memory_new(sizeof *row);
    bool done = csv_init(&row->parser, CSV_STRICT | CSV_STRICT_FINI) == 0;
    CHECK(done);
    return row;
}

static void on_field(void *field, size_t size, void *context)
{
    struct csv_row *row = context;
    if (size)
        buffer_append(&row->bytes, field, size);
    row->ends = memory_reserve_one(row->ends, row->count, &row->capacity, sizeof *row->ends);
    row->ends[row->count++] = row->bytes.size;
}

static void on_row(int terminator, void *context)
{
    struct csv_row *row = context;
    (void)terminator;
    row->rows++;
}

bool csv_row_parse(struct csv_row *row, struct text record)
{
    row->count = row->rows = 0;
    buffer_clear(&row->bytes);
    bool parsed = csv_parse(&row->parser, record.data, record.size, on_field, on_row, row) == record.size;
    bool finished = csv_fini(&row->parser, on_field, on_row, row) == 0;
    if (parsed && finished && row->rows == 1)
        return true;
    /* After an error libcsv goes on inside the bad row; a new parser forgets it. */
    csv_free(&row->parser);
    bool done = csv_init(&row->parser, CSV_STRICT | CSV_STRICT_FINI) == 0;
    CHECK(done);
    return false;
}

size_t csv_row_count(const struct csv_row *row)
{
    return row->count;
}

struct text csv_row_field(const struct csv_row *row, size_t index)
{
    if (index >= row->count)
        return TEXT_NONE;
    size_t from = index ? row->ends[index - 1] : 0;
    return (struct text){ row->bytes.data + from, row->ends[index] - from };
}

void csv_row_free(struct csv_row *row)
{
    if (!row)
        return;
    csv_free(&row->parser);
    buffer_done(&row->bytes);
    free(row->ends);
    free(row);
}
