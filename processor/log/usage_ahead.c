/* log/usage_ahead.c: files are cut into batches; a relay takes these to the decoders and on to the owner. */
#include "log/usage_ahead.h"

#include <stdlib.h>

#include "base/relay.h"

#define SOON 8 /* entries: as long as memory takes to answer */
#define JOBS_MAX (2 * RELAY_WORKERS_MAX + 2)

struct job {
    struct usage_batch batch;
    struct usage_reader *reader; /* NULL: the file could not be opened */
    bool failed;                 /* behind the batch's entries */
    struct error error;
    uint64_t position;
};

struct usage_ahead {
    const struct usage_files *files;
    struct usage_ahead_options options;
    struct relay *relay;
    void *jobs[JOBS_MAX];
    size_t job_count;
    /* Of whoever fills. */
    size_t file_at;
    struct usage_reader *reader; /* that is being cut */
    uint64_t bytes_before;
    /* Of the owner. */
    struct job *job;
    size_t entry_at;
    uint64_t position;
};

static bool open_file(struct usage_ahead *ahead, struct error *error)
{
    if (ahead->reader)
        return true;
    struct usage_reader *reader;
    if (!usage_reader_open_file(&ahead->files->items[ahead->file_at], &ahead->options.reader, &reader, error))
        return false;
    usage_reader_number(reader, ahead->file_at);
    usage_reader_set_decoders(reader, ahead->options.threads);
    ahead->reader = reader;
    return true;
}

static bool fill_job(void *context, void *place)
{
    struct usage_ahead *ahead = context;
    struct job *job = place;
    usage_batch_clear(&job->batch);
    job->reader = NULL;
    job->failed = false;
    if (ahead->file_at == ahead->files->count)
        return false;
    job->failed = !open_file(ahead, &job->error);
    job->reader = ahead->reader;
    if (job->failed)
        return false;
    job->failed = !usage_reader_cut(job->reader, &job->batch, &job->error);
    job->position = ahead->bytes_before + usage_reader_position(job->reader);
    if (job->batch.ends) {
        ahead->bytes_before += usage_reader_size(job->reader);
        job->position = ahead->bytes_before;
        ahead->reader = NULL; /* the owner closes it, behind its last entry */
        ahead->file_at++;
    }
    return !job->failed && ahead->file_at < ahead->files->count;
}

static void work_job(void *context, void *place, size_t worker)
{
    struct usage_ahead *ahead = context;
    struct job *job = place;
    if (!job->reader)
        return;
    usage_reader_decode(job->reader, &job->batch, worker);
    struct usage_entry *entries = job->batch.entries;
    for (size_t i = 0; i < job->batch.count && ahead->options.prepare; i++) {
        if (!entries[i].refused)
            ahead->options.prepare(&entries[i], &job->batch.arena);
        if (i >= SOON && entries[i].prepared)
            entries[i - SOON].soon = &entries[i];
    }
}

struct usage_ahead *usage_ahead_new(const struct usage_files *files, const struct usage_ahead_options *options)
{
    struct usage_ahead *ahead = memory_new(sizeof *ahead);
    ahead->files = files;
    ahead->options = *options;
    ahead->options.threads += options->threads == 0;
    if (ahead->options.threads > RELAY_WORKERS_MAX)
        ahead->options.threads = RELAY_WORKERS_MAX;
    return ahead;
}

static void start(struct usage_ahead *ahead)
{
    static const struct relay_hands hands = { .fill = fill_job, .work = work_job };
    ahead->job_count = ahead->options.threads == 1 ? 1 : 2 * ahead->options.threads + 2;
    for (size_t i = 0; i < ahead->job_count; i++)
        ahead->jobs[i] = memory_new(sizeof(struct job));
    ahead->relay = relay_new(&hands, ahead, ahead->jobs, ahead->job_count, ahead->options.threads);
}

/* All entries of the job at hand have been given out. */
static bool end_job(struct usage_ahead *ahead, struct error *error)
{
    struct job *job = ahead->job;
    ahead->job = NULL;
    if (job->reader && !usage_reader_count(job->reader, &job->batch, error))
        return false;
    if (job->failed) {
        *error = job->error;
        return false;
    }
    if (job->batch.ends) {
        usage_reader_close(job->reader);
        job->reader = NULL;
    }
    return true;
}

bool usage_ahead_next(struct usage_ahead *ahead, const struct usage_entry **entry, struct error *error)
{
    *entry = NULL;
    if (!ahead->relay)
        start(ahead);
    for (;;) {
        if (ahead->job && ahead->entry_at < ahead->job->batch.count) {
            *entry = &ahead->job->batch.entries[ahead->entry_at++];
            return true;
        }
        if (ahead->job && !end_job(ahead, error))
            return false;
        ahead->job = relay_take(ahead->relay);
        if (!ahead->job)
            return true;
        ahead->entry_at = 0;
        ahead->position = ahead->job->position;
    }
}

uint64_t usage_ahead_position(const struct usage_ahead *ahead)
{
    return ahead->position;
}

/* A reader is closed once, though several jobs may be of it. */
static void close_readers(struct usage_ahead *ahead)
{
    usage_reader_close(ahead->reader);
    for (size_t i = 0; i < ahead->job_count; i++) {
        struct job *job = ahead->jobs[i];
        if (job->reader && job->reader != ahead->reader && job->batch.ends)
            usage_reader_close(job->reader);
    }
}

void usage_ahead_free(struct usage_ahead *ahead)
{
    if (!ahead)
        return;
    relay_free(ahead->relay);
    close_readers(ahead);
    for (size_t i = 0; i < ahead->job_count; i++) {
        struct job *job = ahead->jobs[i];
        usage_batch_done(&job->batch);
        free(job);
    }
    free(ahead);
}
