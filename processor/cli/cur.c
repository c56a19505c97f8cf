/* cli/cur.c: proforma cur: a group's report from the topic, as files, checked against its manifest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"
#include "codec/cur_manifest.h"
#include "cur/cur_files.h"
#include "cur/cur_rows.h"
#include "log/output_dir.h"
#include "model/account.h"

#define STORE_BYTES ((size_t)32 * 1024 * 1024)

static const char cur_help[] =
    "usage: proforma cur --group G --period YYYY-MM --out DIR [--config FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Writes the Cost and Usage Report of a closed month from the topic, for the group and\n"
    "each of its accounts, and checks it against the manifest.\n";

/* What reading the two topics comes to. */
struct cur_command {
    struct connection *connection;
    struct text group;
    billing_period period;
    char key[128]; /* of the group's manifest */
    struct arena arena, row_arena;
    struct cur_manifest manifest;
    bool has_manifest;
    struct cur_spool *spool;
    struct buffer scratch;
    struct hash128 checksum;
    uint64_t rows;
};

static bool take_manifest(void *context, const struct stream_record *record, struct error *error)
{
    struct cur_command *command = context;
    if (record->is_null || !text_equal(record->key, text_of(command->key)))
        return true;
    arena_reset(&command->arena);
    command->has_manifest = true;
    return wire_decode_manifest(command->connection->wire, record->value, &command->manifest, &command->arena, error);
}

/* Keys are group / period / account. */
static bool is_of_group(const struct cur_command *command, struct text key)
{
    struct text prefix = text_of(command->key);
    return key.size > prefix.size && memcmp(key.data, prefix.data, prefix.size) == 0;
}

static bool take_row(void *context, const struct stream_record *record, struct error *error)
{
    struct cur_command *command = context;
    struct cur_row row;
    struct refusal refusal;
    arena_reset(&command->row_arena);
    if (record->is_null || !is_of_group(command, record->key))
        return true;
    if (wire_decode(command->connection->wire, &cur_row_type, record->value, &row, &command->row_arena, &refusal, error) !=
        WIRE_DONE)
        return error_fail(error, ERROR_FAILED, "cur partition %d, offset %lld: no report row", record->partition,
                          (long long)record->offset);
    if (!text_equal(row.billing_group, command->group) || !text_equal(row.snapshot_id, command->manifest.snapshot_id))
        return true;
    command->rows++;
    checksum_add(&command->checksum, cur_row_hash(&row, &command->scratch));
    return cur_spool_add(command->spool, 0, &row, error);
}

static bool check(const struct cur_command *command, struct error *error)
{
    char checksum[33];
    snprintf(checksum, sizeof checksum, "%016llx%016llx", (unsigned long long)command->checksum.high,
             (unsigned long long)command->checksum.low);
    if (command->rows != (uint64_t)command->manifest.rows ||
        !text_equal(text_of(checksum), command->manifest.checksum))
        return error_fail(error, ERROR_FAILED, "the topic holds %llu rows with checksum %s, the manifest says %lld with %.*s",
                          (unsigned long long)command->rows, checksum, (long long)command->manifest.rows,
                          TEXT_ARGS(command->manifest.checksum));
    return true;
}

static bool find_manifest(struct cur_command *command, struct error *error)
{
    char period[TIME_TEXT_MAX];
    const struct stream *stream = command->connection->stream;
    period_format(command->period, period);
    snprintf(command->key, sizeof command->key, "%.*s/%s/", TEXT_ARGS(command->group), period);
    for (int32_t p = 0; p < stream->ops->partition_count(stream, STREAM_CUR_MANIFESTS); p++)
        if (!connection_read(command->connection, STREAM_CUR_MANIFESTS, p, take_manifest, command, error))
            return false;
    return command->has_manifest ||
           error_fail(error, ERROR_FAILED, "group %.*s has no report for %s; proforma status tells what a close waits for",
                      TEXT_ARGS(command->group), period);
}

static bool write_reports(struct cur_command *command, const struct output_dir *output, struct error *error)
{
    size_t count;
    struct cur_report *reports = cur_spool_reports(command->spool, &count);
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        char account[ACCOUNT_DIGITS + 1] = "";
        struct buffer relative = { 0 }, folder = { 0 };
        bool whole = reports[i].account == CUR_WHOLE_GROUP;
        if (!whole)
            account_format(reports[i].account, account);
        buffer_printf(&relative, "%.*s%s%s", TEXT_ARGS(command->group), whole ? "" : "/accounts/", account);
        buffer_printf(&folder, "%s/%s", output_dir_partial(output), relative.data);
        struct cur_report_files files = { .folder = folder.data,
                                          .name = whole ? command->group : text_of(account),
                                          .period = command->period,
                                          .currency = command->manifest.currency,
                                          .conductor_version = command->manifest.conductor_version };
        struct cur_report_totals totals;
        done = output_dir_make(output, relative.data, error) &&
               cur_files_write(command->spool, reports[i], &files, &totals, error);
        buffer_done(&relative);
        buffer_done(&folder);
    }
    free(reports);
    return done;
}

static bool write_all(struct cur_command *command, const char *out, struct error *error)
{
    struct output_dir *output;
    struct rocks *rocks = NULL;
    struct rocks_options options = { STORE_BYTES, STORE_BYTES };
    struct buffer state = { 0 };
    if (!output_dir_open(out, &output, error))
        return false;
    buffer_printf(&state, "%s/state", output_dir_partial(output));
    bool done = rocks_open(state.data, &options, &rocks, error);
    if (done) {
        command->spool = cur_spool_new(rocks, command->period);
        done = connection_read(command->connection, STREAM_CUR, (int32_t)command->manifest.offsets.partition, take_row,
                               command, error) &&
               cur_spool_finish(command->spool, error) && check(command, error) && write_reports(command, output, error);
        cur_spool_free(command->spool);
        rocks_close(rocks);
    }
    buffer_done(&state);
    if (done && output_dir_publish(output, command->group.data, error)) {
        output_dir_close(output);
        return true;
    }
    output_dir_discard(output);
    return false;
}

int command_cur(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct cur_command command = { .connection = &connection };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS | OPTION_PERIOD | OPTION_GROUP | OPTION_OUT, &arguments, &error);
    if (done && arguments.help) {
        fputs(cur_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    if (done && (!arguments.group || arguments.period == PERIOD_NONE || !arguments.out))
        done = error_fail(&error, ERROR_INVALID, "--group G, --period YYYY-MM and --out DIR are needed");
    if (done && strchr(arguments.group, '/'))
        done = error_fail(&error, ERROR_INVALID, "--group: found '%s', expected a billing group's id", arguments.group);
    if (done) {
        command.group = text_of(arguments.group);
        command.period = arguments.period;
    }
    done = done && connection_settings(&arguments, &connection, &error) && connection_open(&connection, "cur", &error) &&
           find_manifest(&command, &error) && write_all(&command, arguments.out, &error);
    if (done)
        printf("%llu rows in %s, as the manifest says\n", (unsigned long long)command.rows, arguments.out);
    else
        code = print_failure("cur", &error);
    arena_done(&command.arena);
    arena_done(&command.row_arena);
    buffer_done(&command.scratch);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
