/* codec/usage_reader.c: one loop over three formats. */
#include "codec/usage_reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/avro_file.h"
#include "codec/cur_csv.h"
#include "codec/event_json.h"
#include "codec/foreign_format.h"
#include "codec/record_reader.h"

enum usage_format { FORMAT_UNKNOWN, FORMAT_JSONL, FORMAT_AVRO, FORMAT_CSV };

#define BATCH_BYTES ((size_t)256 * 1024)

/* What takes a record apart, for one thread. */
struct decoder {
    struct event_json *json;
    struct cur_csv *csv;
};

struct usage_reader {
    struct usage_reader_options options;
    struct input *input;
    enum usage_format format;
    bool is_guess; /* the name does not say the format */
    struct record_reader *records;
    struct decoder *decoders; /* made when they are needed, but the first */
    size_t decoder_count;
    struct arena texts;
    struct text heading; /* CSV */
    struct avro_file *avro;
    struct usage_report report;
    uint64_t good, bad;
    struct usage_place first_bad; /* without its bytes */
    struct refusal first_refusal;
};

static enum usage_format format_of_name(const char *path)
{
    static const struct {
        const char *ending;
        enum usage_format format;
    } endings[] = { { ".jsonl", FORMAT_JSONL }, { ".avro", FORMAT_AVRO }, { ".csv", FORMAT_CSV } };
    struct text name = text_of(path);
    if (text_ends_with(name, TEXT(".gz")))
        name.size -= strlen(".gz");
    for (size_t i = 0; i < ARRAY_COUNT(endings); i++)
        if (text_ends_with(name, text_of(endings[i].ending)))
            return endings[i].format;
    return FORMAT_UNKNOWN;
}

static enum usage_format format_of_content(struct input *input)
{
    struct text start = input_peek(input);
    if (text_starts_with(start, TEXT("Obj\1")))
        return FORMAT_AVRO;
    if (text_starts_with(start, TEXT("\xef\xbb\xbf")))
        start = (struct text){ start.data + 3, start.size - 3 };
    size_t at = 0;
    while (at < start.size && (start.data[at] == ' ' || start.data[at] == '\n' || start.data[at] == '\r'))
        at++;
    return at < start.size && start.data[at] == '{' ? FORMAT_JSONL : FORMAT_CSV;
}

static bool open_csv(struct usage_reader *reader, struct error *error)
{
    struct text heading;
    uint64_t line;
    const char *name = input_name(reader->input);
    switch (record_reader_next(reader->records, &heading, &line)) {
    case RECORD_OK:
        if (!cur_csv_open(heading, name, &reader->decoders->csv, error))
            return false;
        reader->heading = arena_copy(&reader->texts, heading);
        reader->report.name = name;
        reader->report.heading = cur_csv_heading(reader->decoders->csv, &reader->report.is_legacy);
        return true;
    case RECORD_FAILED:
        return error_fail(error, ERROR_FAILED, "%s: cannot read: %s", name, input_failure(reader->input));
    case RECORD_END:
    case RECORD_TOO_LARGE:
    case RECORD_UNBALANCED:
    case RECORD_TRUNCATED:
        break;
    }
    return error_fail(error, ERROR_FAILED, "%s: line 1: no CSV heading; expected a Cost and Usage Report", name);
}

static bool open_format(struct usage_reader *reader, struct error *error)
{
    struct avro_file_options avro = { reader->options.event_bytes_max, reader->options.excess };
    switch (reader->format) {
    case FORMAT_AVRO:
        return avro_file_open(reader->input, &usage_event_type, &avro, &reader->avro, error);
    case FORMAT_JSONL:
        reader->decoders->json = event_json_new();
        reader->records = record_reader_new(reader->input, reader->options.event_bytes_max, false);
        return true;
    case FORMAT_CSV:
    case FORMAT_UNKNOWN:
        break;
    }
    reader->records = record_reader_new(reader->input, reader->options.event_bytes_max, true);
    return open_csv(reader, error);
}

bool usage_reader_open_input(struct input *input, const struct usage_reader_options *options,
                             struct usage_reader **ret_reader, struct error *error)
{
    struct usage_reader *reader = memory_new(sizeof *reader);
    reader->options = *options;
    reader->decoders = memory_new(sizeof *reader->decoders);
    reader->decoder_count = 1;
    reader->input = input;
    reader->format = format_of_name(input_name(input));
    reader->is_guess = reader->format == FORMAT_UNKNOWN;
    if (reader->is_guess)
        reader->format = format_of_content(input);
    /* No event, no line; a CSV or Avro file has a heading at least. */
    bool may_be_empty = !reader->is_guess && reader->format == FORMAT_JSONL;
    if (!foreign_format_check(input, may_be_empty, error) || !open_format(reader, error)) {
        usage_reader_close(reader);
        return false;
    }
    *ret_reader = reader;
    return true;
}

bool usage_reader_open_file(const struct usage_file *file, const struct usage_reader_options *options,
                            struct usage_reader **ret_reader, struct error *error)
{
    struct input *input;
    if (!usage_file_open(file, &input, error) || !usage_reader_open_input(input, options, ret_reader, error))
        return false;
    (*ret_reader)->report.assembly = file->assembly;
    (*ret_reader)->report.archive = file->is_member ? text_of(file->path) : TEXT_NONE;
    return true;
}

void usage_reader_number(struct usage_reader *reader, size_t number)
{
    reader->report.number = number;
}

bool usage_reader_open(const char *path, const struct usage_reader_options *options, struct usage_reader **ret_reader,
                       struct error *error)
{
    const struct usage_file file = { .path = path, .name = path };
    return usage_reader_open_file(&file, options, ret_reader, error);
}

static struct decoder *decoder_at(struct usage_reader *reader, size_t index)
{
    struct decoder *decoder = &reader->decoders[index];
    struct error error;
    if (reader->format == FORMAT_JSONL && !decoder->json)
        decoder->json = event_json_new();
    if (reader->format != FORMAT_JSONL && !decoder->csv) {
        bool opened = cur_csv_open(reader->heading, input_name(reader->input), &decoder->csv, &error);
        CHECK(opened); /* the first has been */
    }
    return decoder;
}

static void decode_record(struct usage_reader *reader, struct decoder *decoder, struct text record, struct arena *arena,
                          struct usage_entry *entry)
{
    struct usage_event *event = &entry->event;
    struct refusal *refusal = &entry->refusal;
    enum excess_decimals excess = reader->options.excess;
    bool decoded = decoder->csv ? cur_csv_decode(decoder->csv, record, excess, event, arena, refusal)
                                : event_json_decode(decoder->json, record, excess, event, arena, refusal);
    entry->refused = !decoded || !usage_event_accept(event, refusal);
    if (entry->refused)
        entry->place.raw = record;
}

static void refuse_record(struct usage_entry *entry, enum refusal_reason reason, struct text raw, const char *detail)
{
    entry->refused = true;
    entry->place.raw = raw;
    refuse(&entry->refusal, reason, NULL, TEXT_NONE, "%s", detail);
}

/* *record is to be decoded, unless the entry is refused. */
static bool cut_record(struct usage_reader *reader, struct text *record, struct usage_entry *entry, bool *found,
                       struct error *error)
{
    char detail[64];
    switch (record_reader_next(reader->records, record, &entry->place.line)) {
    case RECORD_OK:
        return true;
    case RECORD_TOO_LARGE:
        snprintf(detail, sizeof detail, "the record is larger than %zu bytes", reader->options.event_bytes_max);
        refuse_record(entry, REFUSAL_TOO_LARGE, *record, detail);
        return true;
    case RECORD_UNBALANCED:
        refuse_record(entry, REFUSAL_MALFORMED, *record, "no CSV row: a quotation mark is never closed");
        return true;
    case RECORD_TRUNCATED:
        refuse_record(entry, REFUSAL_TRUNCATED, *record, input_failure(reader->input));
        return true;
    case RECORD_END:
        *found = false;
        return true;
    case RECORD_FAILED:
        break;
    }
    return error_fail(error, ERROR_FAILED, "%s: cannot read: %s", input_name(reader->input), input_failure(reader->input));
}

static bool next_record(struct usage_reader *reader, struct arena *arena, struct usage_entry *entry, bool *found,
                        struct error *error)
{
    struct text record;
    if (!cut_record(reader, &record, entry, found, error))
        return false;
    if (*found && !entry->refused)
        decode_record(reader, reader->decoders, record, arena, entry);
    return true;
}

static bool next_datum(struct usage_reader *reader, struct arena *arena, struct usage_entry *entry, bool *found,
                       struct error *error)
{
    enum avro_file_status status = avro_file_next(reader->avro, &entry->event, arena, &entry->refusal, error);
    const struct avro_file_place *place = avro_file_place(reader->avro);
    entry->place.offset = place->block_offset;
    entry->place.block = place->block;
    entry->place.record = place->record;
    switch (status) {
    case AVRO_FILE_RECORD:
        entry->refused = !usage_event_accept(&entry->event, &entry->refusal);
        return true;
    case AVRO_FILE_REFUSED:
    case AVRO_FILE_TRUNCATED:
        entry->refused = true;
        entry->place.raw = place->value;
        return true;
    case AVRO_FILE_END:
        *found = false;
        return true;
    case AVRO_FILE_FAILED:
        break;
    }
    return false;
}

/* A file that was taken for usage by its look, with no usage in it, is something else; its records' faults are no news. */
static bool check_any_good(const struct usage_reader *reader, struct error *error)
{
    const struct usage_place *place = &reader->first_bad;
    const struct refusal *refusal = &reader->first_refusal;
    if (!reader->is_guess || reader->good > 0 || reader->bad == 0)
        return true;
    const char *is_line = place->line ? "line" : "block";
    return error_fail(error, ERROR_FAILED,
                      "%s: holds no usage: none of %llu records is an event; the first, %s %llu: %s: %s",
                      input_name(reader->input), (unsigned long long)reader->bad, is_line,
                      (unsigned long long)(place->line ? place->line : place->block), refusal_reason_text(refusal->reason),
                      refusal->detail);
}

static void count_entry(struct usage_reader *reader, const struct usage_entry *entry)
{
    if (entry->refused && reader->bad++ == 0) {
        reader->first_bad = entry->place;
        reader->first_refusal = entry->refusal;
    }
    reader->good += !entry->refused;
}

static void begin_entry(const struct usage_reader *reader, struct usage_entry *entry)
{
    entry->refused = false;
    entry->refusal.reason = REFUSAL_NONE;
    entry->refusal.field = NULL;
    entry->refusal.value = TEXT_NONE;
    entry->refusal.detail[0] = '\0';
    entry->prepared = NULL;
    entry->soon = NULL;
    entry->place = (struct usage_place){ .source = input_name(reader->input),
                                         .report = reader->decoders->csv ? &reader->report : NULL };
}

bool usage_reader_next(struct usage_reader *reader, struct arena *arena, struct usage_entry *entry, bool *found,
                       struct error *error)
{
    begin_entry(reader, entry);
    *found = true;
    bool done =
        reader->avro ? next_datum(reader, arena, entry, found, error) : next_record(reader, arena, entry, found, error);
    if (!done)
        return false;
    if (!*found)
        return check_any_good(reader, error);
    count_entry(reader, entry);
    return true;
}

/* ---- batches ---- */

void usage_reader_set_decoders(struct usage_reader *reader, size_t count)
{
    CHECK(count >= reader->decoder_count);
    reader->decoders = memory_grow(reader->decoders, count, sizeof *reader->decoders);
    for (; reader->decoder_count < count; reader->decoder_count++)
        reader->decoders[reader->decoder_count] = (struct decoder){ 0 };
}

/* Avro is decoded where it is cut: where a datum ends is known no sooner. */
static bool cut_datum(struct usage_reader *reader, struct usage_batch *batch, struct usage_entry *entry, bool *found,
                      struct error *error)
{
    if (!next_datum(reader, &batch->arena, entry, found, error))
        return false;
    if (!*found)
        return true;
    if (!entry->refused)
        record_own_texts(&entry->event, &usage_event_type, &batch->arena);
    entry->refusal.value = arena_copy(&batch->arena, entry->refusal.value);
    entry->place.raw = arena_copy(&batch->arena, entry->place.raw);
    return true;
}

static bool cut_entry(struct usage_reader *reader, struct usage_batch *batch, bool *found, struct error *error)
{
    struct usage_entry *entry = &batch->entries[batch->count];
    struct text record = TEXT_NONE;
    begin_entry(reader, entry);
    *found = true;
    batch->is_cut[batch->count] = false;
    if (reader->avro)
        return cut_datum(reader, batch, entry, found, error);
    if (!cut_record(reader, &record, entry, found, error))
        return false;
    if (*found)
        entry->place.raw = arena_copy(&batch->arena, record);
    batch->is_cut[batch->count] = *found && !entry->refused;
    return true;
}

bool usage_reader_cut(struct usage_reader *reader, struct usage_batch *batch, struct error *error)
{
    bool done = true, found = true;
    usage_batch_clear(batch);
    while (done && found && batch->count < USAGE_BATCH_ENTRIES && batch->arena.bytes < BATCH_BYTES) {
        done = cut_entry(reader, batch, &found, error);
        batch->count += done && found;
    }
    batch->ends = !found;
    return done;
}

void usage_reader_decode(struct usage_reader *reader, struct usage_batch *batch, size_t decoder)
{
    if (reader->avro || batch->count == 0)
        return;
    struct decoder *mine = decoder_at(reader, decoder);
    for (size_t i = 0; i < batch->count; i++) {
        struct usage_entry *entry = &batch->entries[i];
        struct text record = entry->place.raw;
        if (!batch->is_cut[i])
            continue;
        entry->place.raw = TEXT_NONE;
        decode_record(reader, mine, record, &batch->arena, entry);
    }
}

bool usage_reader_count(struct usage_reader *reader, const struct usage_batch *batch, struct error *error)
{
    for (size_t i = 0; i < batch->count; i++)
        count_entry(reader, &batch->entries[i]);
    return !batch->ends || check_any_good(reader, error);
}

void usage_batch_clear(struct usage_batch *batch)
{
    arena_reset(&batch->arena);
    batch->count = 0;
    batch->ends = false;
}

void usage_batch_done(struct usage_batch *batch)
{
    arena_done(&batch->arena);
}

uint64_t usage_reader_position(const struct usage_reader *reader)
{
    return input_position(reader->input);
}

uint64_t usage_reader_size(const struct usage_reader *reader)
{
    return input_size(reader->input);
}

void usage_reader_close(struct usage_reader *reader)
{
    if (!reader)
        return;
    avro_file_close(reader->avro);
    record_reader_free(reader->records);
    for (size_t i = 0; i < reader->decoder_count; i++) {
        event_json_free(reader->decoders[i].json);
        cur_csv_free(reader->decoders[i].csv);
    }
    free(reader->decoders);
    arena_done(&reader->texts);
    input_close(reader->input);
    free(reader);
}
