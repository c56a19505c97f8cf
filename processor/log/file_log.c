/* log/file_log.c: files as a log with one transaction: the run. */
#include "log/file_log.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "model/bill.h"
#include "model/line_item.h"

#define DEAD_LETTER_VALUE_MAX ((size_t)64 * 1024)
#define SUMMARY_NAME "summary.json"

struct file_log {
    struct log port;
    struct file_log_options options;
    struct usage_files files;
    struct usage_ahead *usage;
    struct output_dir *output;
    struct record_file *topics[TOPIC_COUNT];
    FILE *dead_letters;
    char *dead_letters_path;
    struct buffer scratch;
    uint64_t bytes_total;
};

static struct file_log *file_log_of(struct log *log)
{
    return (struct file_log *)log;
}

/* The total is a guess for a person: what is no regular file has no size. */
static uint64_t total_bytes(const struct usage_files *files)
{
    uint64_t total = 0;
    for (size_t i = 0; i < files->count; i++) {
        if (files->items[i].bytes == 0)
            return 0;
        total += files->items[i].bytes;
    }
    return total;
}

static bool file_log_poll(struct log *port, size_t entries_max, log_entry_handler *handler, void *context, bool *ended,
                          struct error *error)
{
    struct file_log *log = file_log_of(port);
    *ended = false;
    for (size_t i = 0; i < entries_max; i++) {
        const struct usage_entry *entry;
        if (!usage_ahead_next(log->usage, &entry, error))
            return false;
        *ended = !entry;
        if (*ended)
            return true;
        if (!handler(context, entry, error))
            return false;
    }
    return true;
}

static void path_in(const struct file_log *log, const char *name, struct buffer *out)
{
    buffer_clear(out);
    buffer_printf(out, "%s/%s", output_dir_partial(log->output), name);
}

static bool file_log_begin(struct log *port, struct error *error)
{
    static const struct {
        const char *name;
        const struct record_type *type;
        enum json_absent absent;
        bool is_long;
    } files[TOPIC_COUNT] = {
        [TOPIC_LINE_ITEMS] = { "line-items", &line_item_type, JSON_ABSENT_LEFT_OUT, true },
        [TOPIC_BILLS] = { "bills", &bill_type, JSON_ABSENT_NULL, false },
    };
    struct file_log *log = file_log_of(port);
    if (!log->output)
        return true;
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        path_in(log, files[i].name, &log->scratch);
        const struct record_file_options options = { files[i].type, log->options.format, files[i].absent,
                                                     files[i].is_long ? log->options.threads : 1 };
        if (!record_file_create(log->scratch.data, &options, &log->topics[i], error))
            return false;
    }
    path_in(log, "dead-letters.jsonl", &log->scratch);
    log->dead_letters_path = memory_copy_string(log->scratch.data);
    return file_create(log->dead_letters_path, &log->dead_letters, error);
}

static bool file_log_produce(struct log *port, enum log_topic topic, struct text key, const void *record,
                             struct error *error)
{
    struct file_log *log = file_log_of(port);
    (void)key; /* files keep all rows; keys matter where the last one of a key wins */
    return !log->output || record_file_add(log->topics[topic], record, error);
}

static void write_place(struct buffer *out, const struct usage_place *place)
{
    buffer_append_text(out, TEXT("{\"source\":"));
    json_write_text(out, text_of(place->source));
    if (place->line)
        buffer_printf(out, ",\"line\":%llu", (unsigned long long)place->line);
    else
        buffer_printf(out, ",\"offset\":%llu,\"block\":%llu,\"record\":%llu", (unsigned long long)place->offset,
                      (unsigned long long)place->block, (unsigned long long)place->record);
}

static void write_member(struct buffer *out, const char *name, struct text value)
{
    buffer_printf(out, ",\"%s\":", name);
    json_write_text(out, value);
}

static bool file_log_dead_letter(struct log *port, const struct usage_place *place, const struct refusal *refusal,
                                 struct error *error)
{
    struct file_log *log = file_log_of(port);
    if (!log->output)
        return true;
    struct buffer *out = &log->scratch;
    buffer_clear(out);
    write_place(out, place);
    write_member(out, "reason", text_of(refusal_reason_text(refusal->reason)));
    write_member(out, "detail", text_of(refusal->detail));
    if (refusal->field)
        write_member(out, "field", text_of(refusal->field));
    struct text value = refusal->field && refusal->value.size ? refusal->value : place->raw;
    if (value.size > DEAD_LETTER_VALUE_MAX)
        value.size = DEAD_LETTER_VALUE_MAX;
    write_member(out, "value", value);
    buffer_append_text(out, TEXT("}\n"));
    return file_write(log->dead_letters, log->dead_letters_path, buffer_text(out), error);
}

static bool close_files(struct file_log *log, struct error *error)
{
    bool done = true;
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        done = record_file_close(log->topics[i], error) && done;
        log->topics[i] = NULL;
    }
    if (log->dead_letters)
        done = file_close(log->dead_letters, log->dead_letters_path, error) && done;
    log->dead_letters = NULL;
    return done;
}

static bool file_log_commit(struct log *port, struct error *error)
{
    struct file_log *log = file_log_of(port);
    if (!log->output)
        return true;
    if (!close_files(log, error) || !output_dir_publish(log->output, SUMMARY_NAME, error))
        return false;
    output_dir_close(log->output);
    log->output = NULL;
    return true;
}

static void file_log_abort(struct log *port)
{
    struct file_log *log = file_log_of(port);
    struct error ignored;
    bool closed = close_files(log, &ignored);
    (void)closed; /* what could not be written is removed anyway */
    output_dir_discard(log->output);
    log->output = NULL;
}

static void file_log_close(struct log *port)
{
    struct file_log *log = file_log_of(port);
    file_log_abort(port);
    usage_ahead_free(log->usage);
    usage_files_done(&log->files);
    buffer_done(&log->scratch);
    free(log->dead_letters_path);
    free(log);
}

static const struct log_ops file_log_ops = {
    .poll = file_log_poll,
    .begin = file_log_begin,
    .produce = file_log_produce,
    .dead_letter = file_log_dead_letter,
    .commit = file_log_commit,
    .abort = file_log_abort,
    .close = file_log_close,
};

bool file_log_open(const struct file_log_options *options, struct log **ret_log, struct error *error)
{
    struct output_dir *output = NULL;
    struct usage_files files;
    if (!usage_files_find(options->usage, options->usage_count, &files, error))
        return false;
    if (options->out && !output_dir_open(options->out, &output, error)) {
        usage_files_done(&files);
        return false;
    }
    struct file_log *log = memory_new(sizeof *log);
    log->port.ops = &file_log_ops;
    log->options = *options;
    log->output = output;
    log->files = files;
    log->usage =
        usage_ahead_new(&log->files, &(struct usage_ahead_options){ options->reader, options->threads, options->prepare });
    log->bytes_total = total_bytes(&files);
    *ret_log = &log->port;
    return true;
}

struct output_dir *file_log_output(struct log *port)
{
    return file_log_of(port)->output;
}

struct file_log_progress file_log_progress(const struct log *port)
{
    const struct file_log *log = (const struct file_log *)port;
    return (struct file_log_progress){ usage_ahead_position(log->usage), log->bytes_total };
}

bool file_log_may_mix(const struct log *port)
{
    const struct file_log *log = (const struct file_log *)port;
    return usage_files_may_mix(&log->files);
}
