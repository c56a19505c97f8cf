/* codec/record_reader.c: a window over the input that always holds the record at hand from its first byte. */
#include "codec/record_reader.h"

#include <stdlib.h>

#include "base/memory.h"

#define READ_BYTES ((size_t)256 * 1024)

struct record_reader {
    struct input *input;
    size_t bytes_max;
    bool quotes;
    char *window;
    size_t start, end, capacity; /* the record at hand begins at start */
    uint64_t line;               /* of the record at hand */
    enum input_status status;    /* OK until the input has ended in some way */
    bool at_beginning, reported_end;
    char shown[1024]; /* the beginning of a record that was too large */
};

struct record_reader *record_reader_new(struct input *input, size_t bytes_max, bool quotes)
{
    struct record_reader *reader = memory_new(sizeof *reader);
    reader->input = input;
    reader->bytes_max = bytes_max;
    reader->quotes = quotes;
    reader->capacity = bytes_max + READ_BYTES;
    reader->window = memory_new(reader->capacity);
    reader->line = 1;
    reader->at_beginning = true;
    return reader;
}

/* Adds bytes behind the window's end; false once the input is over. */
static bool fill(struct record_reader *reader)
{
    if (reader->status != INPUT_OK)
        return false;
    if (reader->capacity - reader->end < READ_BYTES / 4) {
        memmove(reader->window, reader->window + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    bool has_mark = reader->at_beginning && text_starts_with(input_peek(reader->input), TEXT("\xef\xbb\xbf"));
    size_t got;
    reader->status = input_read(reader->input, reader->window + reader->end, reader->capacity - reader->end, &got);
    reader->at_beginning = false;
    if (has_mark)
        reader->start = 3;
    reader->end += got;
    return reader->status == INPUT_OK;
}

static bool has_odd_quotes(const char *from, const char *to)
{
    bool odd = false;
    while (from < to && (from = memchr(from, '"', (size_t)(to - from)))) {
        odd = !odd;
        from++;
    }
    return odd;
}

static struct text trimmed(const char *bytes, size_t size)
{
    return (struct text){ bytes, size > 0 && bytes[size - 1] == '\r' ? size - 1 : size };
}

/*
 * Looks for the end of the record at hand. True: *size bytes and a newline behind them, *lines of it.
 * False: it is longer than allowed or the input ends first.
 */
static bool find_end(struct record_reader *reader, size_t *size, uint64_t *lines)
{
    size_t seen = 0;
    bool inside = false;
    *lines = 1;
    for (;;) {
        const char *begin = reader->window + reader->start;
        size_t left = reader->end - reader->start;
        const char *newline = memchr(begin + seen, '\n', left - seen);
        size_t stop = newline ? (size_t)(newline - begin) : left;
        if (reader->quotes && has_odd_quotes(begin + seen, begin + stop))
            inside = !inside;
        seen = stop;
        if (trimmed(begin, seen).size > reader->bytes_max)
            return false;
        if (newline && !inside) {
            *size = seen;
            return true;
        }
        if (newline) {
            seen++;
            ++*lines;
        } else if (!fill(reader)) {
            return false;
        }
    }
}

/* Skips to behind the next newline; counts it. */
static void skip_line(struct record_reader *reader)
{
    for (;;) {
        const char *begin = reader->window + reader->start;
        const char *newline = memchr(begin, '\n', reader->end - reader->start);
        if (newline) {
            reader->start += (size_t)(newline - begin) + 1;
            reader->line++;
            return;
        }
        reader->start = reader->end;
        if (!fill(reader))
            return;
    }
}

static enum record_status end_status(struct record_reader *reader)
{
    if (reader->status == INPUT_FAILED)
        return RECORD_FAILED;
    if (reader->status == INPUT_END || reader->reported_end)
        return RECORD_END;
    reader->reported_end = true;
    return RECORD_TRUNCATED;
}

/* The last bytes of the input, without a newline behind them. */
static enum record_status last_record(struct record_reader *reader, struct text *record)
{
    *record = trimmed(reader->window + reader->start, reader->end - reader->start);
    bool unbalanced = reader->quotes && has_odd_quotes(record->data, record->data + record->size);
    const char *newline = memchr(record->data, '\n', record->size);
    if (reader->status == INPUT_END && unbalanced && newline) {
        *record = trimmed(record->data, (size_t)(newline - record->data));
        skip_line(reader);
        return RECORD_UNBALANCED;
    }
    reader->start = reader->end;
    if (reader->status != INPUT_END)
        return end_status(reader);
    return unbalanced ? RECORD_UNBALANCED : record->size ? RECORD_OK : RECORD_END;
}

/* A record over the limit: the beginning is shown. Inside quotes only its first line is given up. */
static enum record_status large_record(struct record_reader *reader, struct text *record)
{
    const char *begin = reader->window + reader->start;
    const char *newline = memchr(begin, '\n', reader->end - reader->start);
    if (newline && (size_t)(newline - begin) <= reader->bytes_max) {
        *record = trimmed(begin, (size_t)(newline - begin));
        reader->start += (size_t)(newline - begin) + 1;
        reader->line++;
        return RECORD_UNBALANCED;
    }
    size_t size = reader->bytes_max < sizeof reader->shown ? reader->bytes_max : sizeof reader->shown;
    *record = (struct text){ memcpy(reader->shown, begin, size), size };
    skip_line(reader);
    return RECORD_TOO_LARGE;
}

enum record_status record_reader_next(struct record_reader *reader, struct text *record, uint64_t *line)
{
    for (;;) {
        size_t size;
        uint64_t lines;
        bool complete = find_end(reader, &size, &lines);
        *line = reader->line;
        if (!complete && reader->status == INPUT_FAILED)
            return RECORD_FAILED;
        if (!complete)
            return trimmed(reader->window + reader->start, reader->end - reader->start).size > reader->bytes_max
                       ? large_record(reader, record)
                       : last_record(reader, record);
        *record = trimmed(reader->window + reader->start, size);
        reader->start += size + 1;
        reader->line += lines;
        if (record->size > 0)
            return RECORD_OK;
    }
}

void record_reader_free(struct record_reader *reader)
{
    if (!reader)
        return;
    free(reader->window);
    free(reader);
}
