/* cli/close.c: proforma close. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"

static const char close_help[] = "usage: proforma close --period YYYY-MM [--early] [--config FILE] [--set KEY=VALUE]...\n"
                                 "\n"
                                 "Closes a month: what the usage topic holds now is on time, later usage goes to the\n"
                                 "next month. A month that has not ended is closed only with --early.\n";

static bool check_period(const struct connection *connection, const struct arguments *arguments, struct error *error)
{
    char period[TIME_TEXT_MAX];
    size_t count = conductor_topic_close_count(connection->control);
    period_format(arguments->period, period);
    if (arguments->period >= running_month() && !arguments->early)
        return error_fail(error, ERROR_FAILED, "%s has not ended; --early closes it all the same", period);
    if (conductor_topic_version(connection->control) == 0)
        return error_fail(error, ERROR_FAILED, "no document is in force; proforma apply publishes one");
    for (size_t i = 0; i < count; i++)
        if (conductor_topic_close(connection->control, i)->period >= arguments->period)
            return error_fail(error, ERROR_FAILED, "%s or a later month is closed already; months close in order", period);
    return true;
}

/* Ends what key and value hold. */
static bool publish(struct connection *connection, struct buffer *key, struct buffer *value, struct error *error)
{
    struct stream *stream = connection->stream;
    struct stream_record record = { .topic = STREAM_CONDUCTOR, .key = buffer_text(key), .value = buffer_text(value) };
    bool done = stream->ops->begin(stream, error) == OUTCOME_DONE &&
                stream->ops->produce(stream, &record, error) == OUTCOME_DONE &&
                stream->ops->commit(stream, NULL, 0, error) == OUTCOME_DONE;
    buffer_done(key);
    buffer_done(value);
    return done;
}

static bool announce(struct connection *connection, billing_period period, struct error *error)
{
    struct buffer key = { 0 }, value = { 0 };
    struct timespec time = { CLOSE_ANNOUNCED_MS / 1000, CLOSE_ANNOUNCED_MS % 1000 * 1000000 };
    close_announcement_write(period, &key, &value);
    if (!publish(connection, &key, &value, error))
        return false;
    nanosleep(&time, NULL);
    return true;
}

/* No two processes have one number at one time. */
static uint64_t nonce(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return hash_mix((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, (uint64_t)getpid());
}

static bool close_period(struct connection *connection, billing_period period, struct error *error)
{
    struct close_record close = { .period = PERIOD_NONE };
    struct buffer key = { 0 }, value = { 0 };
    bool done =
        announce(connection, period, error) &&
        close_record_measure(connection->stream, period, conductor_topic_version(connection->control), &close, error);
    if (done) {
        close_record_write(&close, nonce(), &key, &value);
        done = publish(connection, &key, &value, error);
    }
    close_record_done(&close);
    return done;
}

int command_close(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS | OPTION_PERIOD | OPTION_CLOSE, &arguments, &error);
    if (done && arguments.help) {
        fputs(close_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    if (done && arguments.period == PERIOD_NONE)
        done = error_fail(&error, ERROR_INVALID, "--period YYYY-MM is needed");
    done = done && connection_settings(&arguments, &connection, &error) && connection_open(&connection, "close", &error) &&
           connection_read_control(&connection, &error) && check_period(&connection, &arguments, &error) &&
           close_period(&connection, arguments.period, &error);
    if (done) {
        char period[TIME_TEXT_MAX];
        period_format(arguments.period, period);
        printf("%s is to be closed\n", period);
    } else {
        code = print_failure("close", &error);
    }
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
