/* cli/import.c: proforma import: usage files into the usage topic; of a payer's month that is there, what a newer delivery
 * changes. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/import_delivery.h"
#include "pipeline/deliveries.h"

#define EVENTS_PER_TRANSACTION 50000

static const char import_help[] =
    "usage: proforma import [--dry-run] [--again] [--config FILE] [--set KEY=VALUE]... USAGE...\n"
    "\n"
    "Publishes usage from files (.jsonl, .avro, CUR .csv, each also .gz or .zip, or a\n"
    "CUR's ...-Manifest.json), keyed by account. AWS delivers a month again and again,\n"
    "each time whole: of a payer's month that was imported before only what differs is\n"
    "published, row by row, as corrections, so that the ledger equals the newest\n"
    "delivery. Other usage of such a month is refused.\n"
    "\n"
    "  --dry-run     say how many rows differ; exit 4 if any do\n"
    "  --again       publish all of it once more; what came within dedup.window is\n"
    "                recognised\n";

struct import {
    struct connection *connection;
    const struct arguments *arguments;
    struct import_months months;
    struct import_delivery *delivery; /* NULL: no month of the files was imported before */
    struct deliveries *deliveries;    /* of the first pass; NULL: all files are of one */
    struct correction_counts corrections;
    struct buffer value;
    uint64_t events, refused, looked_at, in_transaction;
    bool survey;   /* the first pass only looks */
    bool is_piped; /* no first pass: standard input comes once */
    struct progress progress;
};

static bool commit(struct import *import, struct error *error)
{
    struct stream *stream = import->connection->stream;
    if (import->in_transaction == 0)
        return true;
    import->in_transaction = 0;
    return stream->ops->commit(stream, NULL, 0, error) == OUTCOME_DONE;
}

/* A month's accounts stay where its first delivery has put them, also when the topic has got more partitions since. */
static int32_t partition_of(const struct import *import, const struct import_month *month, struct text key)
{
    const struct stream *stream = import->connection->stream;
    size_t partitions = (size_t)stream->ops->partition_count(stream, STREAM_USAGE);
    if (month && month->record.offset_count > 0 && month->record.offset_count < partitions)
        partitions = month->record.offset_count;
    return (int32_t)(hash64(key.data, key.size) % partitions);
}

/* `month` is NULL for what is no event. */
static bool produce(struct import *import, const struct import_month *month, struct text key, struct text value,
                    struct error *error)
{
    struct stream *stream = import->connection->stream;
    struct stream_header header = { IMPORT_HEADER, month ? month->mark : TEXT_NONE };
    struct stream_record record = { .topic = STREAM_USAGE,
                                    .key = key,
                                    .value = value,
                                    .headers = &header,
                                    .header_count = month != NULL,
                                    .partition = partition_of(import, month, key) };
    if (import->arguments->dry_run)
        return true;
    if (import->in_transaction++ == 0 && stream->ops->begin(stream, error) != OUTCOME_DONE)
        return false;
    if (stream->ops->produce(stream, &record, error) != OUTCOME_DONE)
        return false;
    return import->in_transaction < EVENTS_PER_TRANSACTION || commit(import, error);
}

static bool publish(struct import *import, const struct usage_event *event, const struct import_month *month,
                    struct error *error)
{
    buffer_clear(&import->value);
    return wire_encode(import->connection->wire, "usage", &usage_event_type, event, &import->value, error) &&
           produce(import, month, event->usage_account_id, buffer_text(&import->value), error);
}

static bool look_at(struct import *import, const struct usage_entry *entry, struct error *error)
{
    struct import_month *month;
    import->looked_at++;
    if (entry->refused)
        return true;
    if (!import_months_find(&import->months, &entry->event, &month, error))
        return false;
    month->is_other = month->is_other || !entry->place.report;
    return !import->deliveries || !entry->place.report ||
           deliveries_take(import->deliveries, entry->place.report, &entry->event, error);
}

/* What is no event goes in as it is, once: the processor's dead letters say why. */
static bool take(struct import *import, const struct usage_entry *entry, struct error *error)
{
    struct import_month *month;
    if (import->survey)
        return look_at(import, entry, error);
    import->events++;
    if (entry->refused) {
        import->refused++;
        return import->delivery ||
               produce(import, NULL, TEXT_NONE, entry->place.raw.size ? entry->place.raw : TEXT("?"), error);
    }
    if (!import_months_find(&import->months, &entry->event, &month, error))
        return false;
    if (import->is_piped && !import->arguments->again && !import_months_check_new(&import->months, month, error))
        return false;
    return month->mode == IMPORT_DELIVERY ? import_delivery_take(import->delivery, &entry->event, error)
                                          : publish(import, &entry->event, month, error);
}

static bool publish_correction(void *context, const struct usage_event *event, struct error *error)
{
    struct import *import = context;
    struct import_month *month;
    return import_months_find(&import->months, event, &month, error) && publish(import, event, month, error);
}

static bool read_file(struct import *import, const struct usage_file *file, size_t number, struct error *error)
{
    struct usage_reader_options options = { import->connection->settings.event_max_bytes,
                                            import->connection->settings.usage_excess_decimals };
    struct usage_reader *reader;
    struct arena arena = { 0 };
    bool found = true, done = usage_reader_open_file(file, &options, &reader, error);
    if (!done)
        return false;
    usage_reader_number(reader, number);
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
        done = read_file(import, &files->items[i], i, error);
    return done;
}

static bool has_deliveries(const struct import *import)
{
    for (size_t i = 0; i < import->months.count; i++)
        if (import->months.items[i].mode == IMPORT_DELIVERY)
            return true;
    return false;
}

static bool survey_files(struct import *import, const struct usage_files *files, struct error *error)
{
    import->is_piped = reads_standard_input(import->arguments);
    if (import->is_piped)
        return true;
    import->deliveries = usage_files_may_mix(files) && !import->arguments->again ? deliveries_new() : NULL;
    bool done = read_files(import, files, true, error) &&
                (!import->deliveries || deliveries_end(import->deliveries, error)) &&
                import_months_decide(&import->months, import->arguments->again, error);
    deliveries_free(import->deliveries);
    import->deliveries = NULL;
    if (done && import->months.count == 0)
        return error_fail(error, ERROR_FAILED, "no usage: none of %llu records is an event",
                          (unsigned long long)import->looked_at);
    return done;
}

static bool write_all(struct import *import, const struct usage_files *files, struct error *error)
{
    bool dry_run = import->arguments->dry_run;
    if (has_deliveries(import) && !import_delivery_open(&import->months, import->progress, &import->delivery, error))
        return false;
    if (!import_months_begin(&import->months, error) || (!dry_run && !import_months_record(&import->months, false, error)))
        return false;
    bool done = read_files(import, files, false, error) &&
                (!import->delivery ||
                 import_delivery_write(import->delivery, publish_correction, import, &import->corrections, error)) &&
                commit(import, error);
    return done && (dry_run || import_months_record(&import->months, true, error));
}

static bool import_all(struct import *import, struct error *error)
{
    struct usage_files files;
    if (!usage_files_find(import->arguments->operands, import->arguments->operand_count, &files, error))
        return false;
    bool done = survey_files(import, &files, error) && write_all(import, &files, error);
    usage_files_done(&files);
    return done;
}

static int print_result(const struct import *import)
{
    const struct correction_counts *counts = &import->corrections;
    uint64_t differ = counts->added + counts->changed + counts->gone;
    bool dry_run = import->arguments->dry_run;
    if (!import->delivery) {
        printf("%llu events %s, %llu of them no events as they are\n", (unsigned long long)import->events,
               dry_run ? "would be imported" : "imported", (unsigned long long)import->refused);
        return dry_run && import->events > 0 ? EXIT_CHANGES : EXIT_DONE;
    }
    printf("a newer delivery: of %llu rows %llu differ: %llu new, %llu changed, %llu gone; %llu corrections %s\n",
           (unsigned long long)counts->rows, (unsigned long long)differ, (unsigned long long)counts->added,
           (unsigned long long)counts->changed, (unsigned long long)counts->gone, (unsigned long long)counts->events,
           dry_run ? "would be published" : "published");
    if (import->refused > 0)
        printf("%llu records are no events, and are left out\n", (unsigned long long)import->refused);
    return dry_run && differ > 0 ? EXIT_CHANGES : EXIT_DONE;
}

int command_import(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct progress_line line;
    struct import import = { .connection = &connection,
                             .arguments = &arguments,
                             .months.connection = &connection,
                             .progress = progress_line_start(&line) };
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
           connection_read_control(&connection, &error) && import_all(&import, &error);
    progress_line_clear(&line);
    code = done ? print_result(&import) : print_failure("import", &error);
    import_delivery_close(import.delivery);
    import_months_done(&import.months);
    buffer_done(&import.value);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
