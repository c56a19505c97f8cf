/* cli/import.c: proforma import: usage files into the usage topic, once per payer and month. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"
#include "cli/progress.h"

#define EVENTS_PER_TRANSACTION 50000

static const char import_help[] =
    "usage: proforma import [--again] [--config FILE] [--set KEY=VALUE]... USAGE...\n"
    "\n"
    "Publishes usage from files (.jsonl, .avro, CUR .csv, each also .gz or .zip, or a\n"
    "CUR's ...-Manifest.json), keyed by account. A payer's month is imported once;\n"
    "--again does it once more, and what came within dedup.window is recognised.\n";

/* Payers and months of the files, before anything is published. */
struct payer_month {
    billing_period period;
    uint32_t payer;
};

struct import {
    struct connection *connection;
    struct intern payers;
    struct payer_month *months;
    size_t month_count, month_capacity;
    struct buffer value;
    uint64_t events, refused, in_transaction;
    bool survey; /* the first pass only looks */
    struct progress progress;
};

static void note_month(struct import *import, const struct usage_event *event)
{
    struct payer_month month = { usage_event_period(event), intern_add(&import->payers, event->payer_account_id) };
    for (size_t i = 0; i < import->month_count; i++)
        if (import->months[i].period == month.period && import->months[i].payer == month.payer)
            return;
    import->months = memory_reserve_one(import->months, import->month_count, &import->month_capacity,
                                        sizeof *import->months);
    import->months[import->month_count++] = month;
}

static bool commit(struct import *import, struct error *error)
{
    struct stream *stream = import->connection->stream;
    if (import->in_transaction == 0)
        return true;
    import->in_transaction = 0;
    return stream->ops->commit(stream, NULL, 0, error) == OUTCOME_DONE;
}

static bool produce(struct import *import, struct text key, struct text value, struct error *error)
{
    struct stream *stream = import->connection->stream;
    uint32_t partitions = (uint32_t)stream->ops->partition_count(stream, STREAM_USAGE);
    struct stream_record record = { .topic = STREAM_USAGE, .key = key, .value = value,
                                    .partition = (int32_t)(hash64(key.data, key.size) % partitions) };
    if (import->in_transaction++ == 0 && stream->ops->begin(stream, error) != OUTCOME_DONE)
        return false;
    if (stream->ops->produce(stream, &record, error) != OUTCOME_DONE)
        return false;
    return import->in_transaction < EVENTS_PER_TRANSACTION || commit(import, error);
}

/* What is no event goes in as it is: the processor's dead letters say why. */
static bool take(struct import *import, const struct usage_entry *entry, struct error *error)
{
    if (import->survey) {
        if (!entry->refused)
            note_month(import, &entry->event);
        return true;
    }
    import->events++;
    if (entry->refused) {
        import->refused++;
        return produce(import, TEXT_NONE, entry->place.raw.size ? entry->place.raw : TEXT("?"), error);
    }
    buffer_clear(&import->value);
    return wire_encode(import->connection->wire, "usage", &usage_event_type, &entry->event, &import->value, error) &&
           produce(import, entry->event.usage_account_id, buffer_text(&import->value), error);
}

static bool read_file(struct import *import, const struct usage_file *file, struct error *error)
{
    struct usage_reader_options options = { import->connection->settings.event_max_bytes,
                                            import->connection->settings.usage_excess_decimals };
    struct usage_reader *reader;
    struct arena arena = { 0 };
    bool found = true, done = usage_reader_open_file(file, &options, &reader, error);
    if (!done)
        return false;
    for (uint64_t i = 0; done && found; i++) {
        struct usage_entry entry;
        arena_reset(&arena);
        done = usage_reader_next(reader, &arena, &entry, &found, error) && (!found || take(import, &entry, error));
        if (i % 1024 == 0)
            import->progress.update(import->progress.context, import->survey ? "looking" : "importing",
                                    import->survey ? i : import->events, usage_reader_position(reader),
                                    usage_reader_size(reader));
    }
    usage_reader_close(reader);
    arena_done(&arena);
    return done;
}

static bool check_months(const struct import *import, struct error *error)
{
    for (size_t i = 0; i < import->month_count; i++) {
        struct text payer = intern_text(&import->payers, import->months[i].payer);
        char period[TIME_TEXT_MAX];
        period_format(import->months[i].period, period);
        if (conductor_topic_has_import(import->connection->control, import->months[i].period, payer))
            return error_fail(error, ERROR_FAILED, "%s of payer '%.*s' was imported before; --again does it once more",
                              period, TEXT_ARGS(payer));
    }
    return true;
}

static bool record_months(struct import *import, struct error *error)
{
    struct stream *stream = import->connection->stream;
    struct buffer key = { 0 }, value = { 0 };
    bool done = stream->ops->begin(stream, error) == OUTCOME_DONE;
    for (size_t i = 0; i < import->month_count && done; i++) {
        buffer_clear(&key);
        buffer_clear(&value);
        import_record_write(import->months[i].period, intern_text(&import->payers, import->months[i].payer), &key, &value);
        struct stream_record record = { .topic = STREAM_CONDUCTOR, .key = buffer_text(&key), .value = buffer_text(&value) };
        done = stream->ops->produce(stream, &record, error) == OUTCOME_DONE;
    }
    buffer_done(&key);
    buffer_done(&value);
    return done && stream->ops->commit(stream, NULL, 0, error) == OUTCOME_DONE;
}

static bool reads_standard_input(const struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->operand_count; i++)
        if (strcmp(arguments->operands[i], "-") == 0)
            return true;
    return false;
}

static bool read_files(struct import *import, const struct usage_files *files, bool survey, struct error *error)
{
    bool done = true;
    import->survey = survey;
    for (size_t i = 0; i < files->count && done; i++)
        done = read_file(import, &files->items[i], error);
    return done;
}

static bool import_all(struct import *import, const struct arguments *arguments, struct error *error)
{
    struct usage_files files;
    /* Standard input comes once: what it holds is known only behind it. */
    bool survey = !arguments->again && !reads_standard_input(arguments);
    if (!usage_files_find(arguments->operands, arguments->operand_count, &files, error))
        return false;
    bool done = (!survey || (read_files(import, &files, true, error) && check_months(import, error))) &&
                read_files(import, &files, false, error) && commit(import, error) && record_months(import, error);
    usage_files_done(&files);
    return done;
}

int command_import(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct progress_line line;
    struct import import = { .connection = &connection, .progress = progress_line_start(&line) };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS | OPTION_IMPORT, &arguments, &error);
    if (done && arguments.help) {
        fputs(import_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    if (done && arguments.operand_count == 0)
        done = error_fail(&error, ERROR_INVALID, "no usage file is named; - is standard input");
    done = done && connection_settings(&arguments, &connection, &error) && connection_open(&connection, "import", &error) &&
           connection_read_control(&connection, &error) && import_all(&import, &arguments, &error);
    progress_line_clear(&line);
    if (done)
        printf("%llu events imported, %llu of them no events as they are\n", (unsigned long long)import.events,
               (unsigned long long)import.refused);
    else
        code = print_failure("import", &error);
    intern_done(&import.payers);
    free(import.months);
    buffer_done(&import.value);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
