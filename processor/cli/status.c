/* cli/status.c: proforma status: months, what a close waits for, how far every task is. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"
#include "model/line_item.h"
#include "tasks/marker.h"
#include "tasks/task.h"

#define TAIL_RECORDS 2000

static const char status_help[] = "usage: proforma status [--config FILE] [--set KEY=VALUE]...\n\n"
                                  "Shows the document in force, the closes, and how far every task is.\n";

/* The newest marker of one line-items partition, and how many line items it holds. */
struct found_marker {
    struct connection *connection;
    struct marker marker;
    bool found;
    struct arena arena;
};

static bool take_line_item(void *context, const struct stream_record *record, struct error *error)
{
    struct found_marker *found = context;
    struct line_item item;
    struct refusal refusal;
    if (record->is_null || record->key.size == 0 || record->key.data[0] != '#')
        return true;
    arena_reset(&found->arena);
    if (wire_decode(found->connection->wire, &line_item_type, record->value, &item, &found->arena, &refusal, error) !=
        WIRE_DONE)
        return error_fail(error, ERROR_FAILED, "line-items partition %d, offset %lld: no line item", record->partition,
                          (long long)record->offset);
    found->found = true;
    return marker_read(item.marker, &found->marker, error);
}

/* Each transaction ends with a marker, so the newest one is near the end. */
static bool find_marker(struct found_marker *found, int32_t partition, struct error *error)
{
    struct stream *stream = found->connection->stream;
    int64_t first, end;
    if (!stream->ops->range(stream, STREAM_LINE_ITEMS, partition, &first, &end, error))
        return false;
    if (end - first > TAIL_RECORDS && !connection_read_from(found->connection, STREAM_LINE_ITEMS, partition,
                                                            end - TAIL_RECORDS, take_line_item, found, error))
        return false;
    return found->found || connection_read(found->connection, STREAM_LINE_ITEMS, partition, take_line_item, found, error);
}

static void period_text(billing_period period, char out[TIME_TEXT_MAX])
{
    if (period == PERIOD_NONE)
        snprintf(out, TIME_TEXT_MAX, "-");
    else
        period_format(period, out);
}

/* "v7 43%": to which version, and about how far; "final 43%": a close allocates its pools anew. */
static void sweep_text(const struct marker *marker, enum stream_topic input, char out[40])
{
    if (marker->target != 0)
        snprintf(out, 40, "v%lld %lld%%", (long long)marker->target, (long long)marker->swept);
    else if (marker->closing != PERIOD_NONE && input != STREAM_SUBTOTALS)
        snprintf(out, 40, "final %lld%%", (long long)marker->swept);
    else
        snprintf(out, 40, "-");
}

static bool print_task(struct connection *connection, enum stream_topic input, int32_t partition, struct error *error)
{
    struct found_marker found = { .connection = connection, .marker.closed = PERIOD_NONE, .marker.closing = PERIOD_NONE };
    uint32_t number = task_number_of(connection->stream, input, partition);
    int64_t end;
    char closed[TIME_TEXT_MAX], closing[TIME_TEXT_MAX], sweep[40];
    bool done = find_marker(&found, (int32_t)number, error) && connection_end(connection, input, partition, &end, error);
    if (done) {
        int64_t at = found.found ? found.marker.offset : 0;
        period_text(found.marker.closed, closed);
        period_text(found.marker.closing, closing);
        sweep_text(&found.marker, input, sweep);
        printf("  %4u  %-10s %4d  %12lld  %12lld  %10lld  %8lld  %7lld  %-10s %-8s %-8s\n", number, stream_topic_name(input),
               partition, (long long)at, (long long)end, (long long)(end - at), (long long)found.marker.revision,
               (long long)found.marker.version, sweep, closed, closing);
    }
    marker_done(&found.marker);
    arena_done(&found.arena);
    return done;
}

static void print_closes(const struct connection *connection)
{
    for (size_t i = 0; i < conductor_topic_close_count(connection->control); i++) {
        const struct close_record *close = conductor_topic_close(connection->control, i);
        char period[TIME_TEXT_MAX];
        period_format(close->period, period);
        printf("close of %s: under version %lld, usage before offsets", period, (long long)close->version);
        for (size_t p = 0; p < close->end_count; p++)
            printf(" %lld", (long long)close->ends[p]);
        printf("\n");
    }
}

static bool print_tasks(struct connection *connection, struct error *error)
{
    static const enum stream_topic inputs[] = { STREAM_SUBTOTALS, STREAM_TIERED, STREAM_USAGE };
    printf("  %4s  %-10s %4s  %12s  %12s  %10s  %8s  %7s  %-10s %-8s %-8s\n", "task", "input", "", "offset", "end", "lag",
           "revision", "version", "sweep", "closed", "closing");
    for (size_t i = 0; i < ARRAY_COUNT(inputs); i++)
        for (int32_t p = 0; p < connection->stream->ops->partition_count(connection->stream, inputs[i]); p++)
            if (!print_task(connection, inputs[i], p, error))
                return false;
    return true;
}

/* Of each open month that has one of its own. */
static void print_documents(const struct conductor_topic *control)
{
    billing_period open = conductor_topic_first_open(control);
    billing_period first = open == PERIOD_NONE ? open : conductor_topic_month_of(control, open);
    printf("document version %lld is in force\n", (long long)conductor_topic_version(control));
    for (size_t i = 0; i < conductor_topic_month_count(control); i++) {
        char text[TIME_TEXT_MAX];
        period_format(conductor_topic_month(control, i), text);
        if (first == PERIOD_NONE || conductor_topic_month(control, i) >= first)
            printf("  from %s on: version %lld\n", text, (long long)conductor_topic_month_version(control, i));
    }
}

int command_status(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS, &arguments, &error);
    if (done && arguments.help) {
        fputs(status_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    done = done && connection_settings(&arguments, &connection, &error) && connection_open(&connection, "status", &error) &&
           connection_read_control(&connection, &error);
    if (done) {
        print_documents(connection.control);
        print_closes(&connection);
        done = print_tasks(&connection, &error);
    }
    if (!done)
        code = print_failure("status", &error);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
