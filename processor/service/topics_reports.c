/* service/topics_reports.c: a closed month's reports: made from the topic when they are first asked for, and kept. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/kafka_stream.h"
#include "log/output_dir.h"
#include "service/report_files.h"
#include "service/topics_parts.h"
#include "store/state_dir.h"

#define POLL_MS 100
#define POLL_RECORDS 8192

/* ---- reading a partition to its end ---- */

struct partition_walk {
    bool (*take)(void *taker, const struct stream_record *record, struct error *error);
    void *taker;
    int64_t next;
};

static bool on_record(void *context, const struct stream_record *record, struct error *error)
{
    struct partition_walk *walk = context;
    walk->next = record->offset + 1;
    return walk->take(walk->taker, record, error);
}

static void on_ended(void *context, enum stream_topic topic, int32_t partition, int64_t end)
{
    struct partition_walk *walk = context;
    (void)topic;
    (void)partition;
    if (walk->next < end)
        walk->next = end;
}

static bool read_partition(void *context, enum stream_topic topic, int32_t partition,
                           bool (*take)(void *taker, const struct stream_record *record, struct error *error), void *taker,
                           struct error *error)
{
    struct stream *stream = context;
    struct partition_walk walk = { take, taker, 0 };
    const struct stream_handler handler = { .context = &walk, .record = on_record, .ended = on_ended };
    struct stream_partition position = { .topic = topic, .partition = partition, .offset = OFFSET_NONE };
    int64_t first, end;
    bool done = stream->ops->range(stream, topic, partition, &first, &end, error) &&
                stream->ops->assign(stream, &position, 1, error);
    while (done && first < end && walk.next < end)
        done = stream->ops->poll(stream, POLL_MS, POLL_RECORDS, &handler, error) == OUTCOME_DONE;
    return done;
}

/* ---- files ---- */

static bool make_report(struct topics *topics, struct text group, billing_period period, const char *folder,
                        struct error *error)
{
    struct kafka_settings kafka = *topics->options.kafka;
    struct stream *stream;
    uint64_t rows;
    kafka.instance_id = NULL;
    kafka.worker = 1; /* another transactional id than the reading thread's */
    if (!kafka_stream_open(&kafka, NULL, 0, &stream, error))
        return false;
    struct report_port port = { stream, topics->options.report_wire,
                                stream->ops->partition_count(stream, STREAM_CUR_MANIFESTS), read_partition };
    bool done = report_files_write(&port, group, period, folder, &rows, error);
    stream->ops->close(stream);
    return done;
}

static void file_path(struct text folder, billing_period period, struct text group, struct text account, struct buffer *out)
{
    char start[TIME_TEXT_MAX], end[TIME_TEXT_MAX];
    period_format(period, start);
    period_format(period + 1, end);
    buffer_printf(out, "%.*s/%.*s%s%.*s/%.4s%.2s01-%.4s%.2s01/%.*s-00001.csv.gz", TEXT_ARGS(folder), TEXT_ARGS(group),
                  account.size ? "/accounts/" : "", TEXT_ARGS(account), start, start + 5, end, end + 5,
                  TEXT_ARGS(account.size ? account : group));
    buffer_append_byte(out, '\0');
}

static bool open_made(const char *path, int *file, uint64_t *bytes)
{
    struct stat status;
    *file = open(path, O_RDONLY | O_CLOEXEC);
    if (*file < 0)
        return false;
    if (fstat(*file, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(*file);
        *file = -1;
        return false;
    }
    *bytes = (uint64_t)status.st_size;
    return true;
}

/* The report's snapshot, which is in the name of its folder: a later one is made anew. */
static bool find_snapshot(struct topics *topics, const char *month, struct text group, struct text account,
                          struct buffer *snapshot, bool *found, struct error *error)
{
    struct buffer name = { 0 };
    buffer_printf(&name, "manifest/%s/%.*s/%.*s", month, TEXT_ARGS(group), TEXT_ARGS(account));
    bool done = view_fetch_mark(topics->view, buffer_text(&name), snapshot, found, error);
    buffer_done(&name);
    return done;
}

bool topics_open_report(void *context, billing_period period, struct text group, struct text account, int *file,
                        uint64_t *bytes, struct error *error)
{
    struct topics *topics = context;
    struct buffer snapshot = { 0 }, folder = { 0 }, path = { 0 }, name = { 0 };
    char month[TIME_TEXT_MAX];
    bool found = false;
    *file = -1;
    period_format(period, month);
    bool done = find_snapshot(topics, month, group, account, &snapshot, &found, error);
    if (done && found) {
        buffer_printf(&folder, "%s/%s-%.*s-%.*s", topics->options.report_directory, month, TEXT_ARGS(group),
                      TEXT_ARGS(buffer_text(&snapshot)));
        file_path(buffer_text(&folder), period, group, account, &path);
        buffer_append_byte(&folder, '\0');
        buffer_append_text(&name, group);
        buffer_append_byte(&name, '\0');
        pthread_mutex_lock(&topics->report_lock);
        if (!open_made(path.data, file, bytes)) {
            remove_tree(folder.data);
            done = state_dir_make(topics->options.report_directory, error) &&
                   make_report(topics, (struct text){ name.data, group.size }, period, folder.data, error);
            if (done)
                open_made(path.data, file, bytes);
        }
        pthread_mutex_unlock(&topics->report_lock);
    }
    buffer_done(&snapshot);
    buffer_done(&folder);
    buffer_done(&path);
    buffer_done(&name);
    return done;
}
