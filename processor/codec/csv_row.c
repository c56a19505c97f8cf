/* codec/csv_row.c: plain records are cut where they stand; libcsv takes those that have to be unquoted, and judges. */
#include "codec/csv_row.h"

#include <csv.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/word.h"

struct csv_row {
    struct csv_parser parser;
    struct text *fields;
    size_t count, capacity;
    bool is_borrowed;
    struct buffer bytes; /* of fields that are not borrowed, one behind another */
    size_t rows;
    const char *failure;
};

struct csv_row *csv_row_new(void)
{
    struct csv_row *row = memory_new(sizeof *row);
    bool done = csv_init(&row->parser, CSV_STRICT | CSV_STRICT_FINI) == 0;
    CHECK(done);
    return row;
}

static void add_field(struct csv_row *row, const char *from, const char *to)
{
    if (row->count == row->capacity)
        row->fields = memory_reserve_one(row->fields, row->count, &row->capacity, sizeof *row->fields);
    row->fields[row->count++] = (struct text){ from, (size_t)(to - from) };
}

/* ---- records as they stand ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void add_trimmed(struct csv_row *row, const char *from, const char *to)
{
    while (from < to && is_blank(*from))
        from++;
    while (to > from && is_blank(to[-1]))
        to--;
    add_field(row, from, to);
}

/* Ends the field at a byte that may mean something. False: it is no comma, but does. */
static inline bool cut_here(struct csv_row *row, const char **field, const char *at)
{
    if (*at != ',')
        return *at != '"' && *at != '\r' && *at != '\n';
    add_trimmed(row, *field, at);
    *field = at + 1;
    return true;
}

/* Cuts at commas, eight bytes at a time, up to the first byte that means something else, or the end. *field is where the
 * last field begins. */
static const char *cut_at_commas(struct csv_row *row, const char **field, const char *end)
{
    const char *at = *field;
    for (; end - at >= (ptrdiff_t)sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word = word_at(at), found = word_first_equal(word, ',') | word_first_equal(word, '"') |
                                             word_first_equal(word, '\r') | word_first_equal(word, '\n');
        for (; found; found &= found - 1) {
            const char *stop = at + word_place(found);
            if (!cut_here(row, field, stop))
                return stop;
        }
    }
    for (; at < end; at++)
        if (!cut_here(row, field, at))
            return at;
    return end;
}

/* A field in quotation marks with none inside: behind it, or NULL. */
static const char *take_quoted(struct csv_row *row, const char *from, const char *end)
{
    const char *stop = memchr(from + 1, '"', (size_t)(end - from - 1));
    if (!stop || (stop + 1 < end && stop[1] != ','))
        return NULL;
    add_field(row, from + 1, stop);
    return stop + 1;
}

/* False: the record has marks to be taken out, or is none. */
static bool cut_plain(struct csv_row *row, struct text record)
{
    const char *field = record.data, *end = field + record.size;
    row->count = 0;
    for (;;) {
        const char *stop = cut_at_commas(row, &field, end);
        if (stop == end)
            add_trimmed(row, field, end);
        else if (stop != field || *stop != '"' || !(stop = take_quoted(row, field, end)))
            return false;
        if (stop == end)
            return row->count > 1 || row->fields[0].size > 0;
        field = stop + 1;
    }
}

/* ---- the others ---- */

static void on_field(void *field, size_t size, void *context)
{
    struct csv_row *row = context;
    (void)field;
    add_field(row, NULL, NULL);
    row->fields[row->count - 1].size = size;
    if (size)
        buffer_append(&row->bytes, field, size);
}

static void on_row(int terminator, void *context)
{
    struct csv_row *row = context;
    (void)terminator;
    row->rows++;
}

static bool unquote(struct csv_row *row, struct text record)
{
    row->count = row->rows = 0;
    buffer_clear(&row->bytes);
    bool parsed = csv_parse(&row->parser, record.data, record.size, on_field, on_row, row) == record.size;
    bool finished = csv_fini(&row->parser, on_field, on_row, row) == 0;
    const char *at = row->bytes.data;
    for (size_t i = 0; i < row->count; at += row->fields[i++].size)
        row->fields[i].data = at;
    if (parsed && finished && row->rows == 1)
        return true;
    row->failure = csv_strerror(csv_error(&row->parser));
    /* After an error libcsv goes on inside the bad row; a new parser forgets it. */
    csv_free(&row->parser);
    bool done = csv_init(&row->parser, CSV_STRICT | CSV_STRICT_FINI) == 0;
    CHECK(done);
    return false;
}

bool csv_row_parse(struct csv_row *row, struct text record)
{
    row->is_borrowed = cut_plain(row, record);
    return row->is_borrowed || unquote(row, record);
}

const char *csv_row_failure(const struct csv_row *row)
{
    return row->failure;
}

size_t csv_row_count(const struct csv_row *row)
{
    return row->count;
}

struct text csv_row_field(const struct csv_row *row, size_t index)
{
    return index < row->count ? row->fields[index] : TEXT_NONE;
}

bool csv_row_is_borrowed(const struct csv_row *row)
{
    return row->is_borrowed;
}

void csv_row_free(struct csv_row *row)
{
    if (!row)
        return;
    csv_free(&row->parser);
    buffer_done(&row->bytes);
    free(row->fields);
    free(row);
}
