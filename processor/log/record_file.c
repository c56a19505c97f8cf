/* log/record_file.c: batches of records go through a relay: copied by the owner, encoded by anybody, written in order. */
#include "log/record_file.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/relay.h"
#include "codec/avro_encode.h"
#include "codec/avro_file.h"

#define BATCH_RECORDS 128
#define BATCH_TEXT_BYTES ((size_t)256 * 1024) /* long records fill a batch sooner */
#define JOBS_MAX (2 * RELAY_WORKERS_MAX + 2)

struct job {
    char *records; /* BATCH_RECORDS of the file's type */
    size_t count;
    struct arena texts;
    struct buffer bytes;        /* the records encoded */
    size_t ends[BATCH_RECORDS]; /* of each in `bytes` */
};

struct record_file {
    char *path;
    FILE *file;
    struct record_file_options options;
    struct avro_file_writer *avro; /* NULL: JSON lines */
    struct relay *relay;
    void *jobs[JOBS_MAX];
    size_t job_count;
    struct job *job;    /* that the owner fills */
    uint64_t begun;     /* how far the disk has been told to begin */
    struct error error; /* of whoever wrote last */
};

static void encode_job(void *context, void *place, size_t worker)
{
    const struct record_file *file = context;
    struct job *job = place;
    (void)worker;
    buffer_clear(&job->bytes);
    for (size_t i = 0; i < job->count; i++) {
        const void *record = job->records + i * file->options.type->size;
        if (file->avro) {
            avro_encode(file->options.type, record, &job->bytes);
        } else {
            json_write_record(&job->bytes, file->options.type, record, file->options.absent);
            buffer_append_byte(&job->bytes, '\n');
        }
        job->ends[i] = job->bytes.size;
    }
}

static bool append_data(struct record_file *file, const struct job *job)
{
    bool done = true;
    for (size_t i = 0, at = 0; i < job->count && done; at = job->ends[i++])
        done = avro_file_append(file->avro, (struct text){ job->bytes.data + at, job->ends[i] - at }, &file->error);
    return done;
}

static bool write_job(void *context, void *place)
{
    struct record_file *file = context;
    struct job *job = place;
    bool done =
        file->avro ? append_data(file, job) : file_write(file->file, file->path, buffer_text(&job->bytes), &file->error);
    file_write_behind(file->file, &file->begun);
    arena_reset(&job->texts);
    job->count = 0;
    return done;
}

static void start(struct record_file *file)
{
    static const struct relay_hands hands = { .work = encode_job, .drain = write_job };
    size_t threads = file->options.threads < RELAY_WORKERS_MAX ? file->options.threads : RELAY_WORKERS_MAX;
    file->job_count = threads <= 1 ? 1 : 2 * threads + 2;
    for (size_t i = 0; i < file->job_count; i++) {
        struct job *job = memory_new(sizeof *job);
        job->records = memory_new_array(BATCH_RECORDS, file->options.type->size);
        file->jobs[i] = job;
    }
    file->relay = relay_new(&hands, file, file->jobs, file->job_count, threads);
}

bool record_file_create(const char *path, const struct record_file_options *options, struct record_file **ret_file,
                        struct error *error)
{
    struct record_file *file = memory_new(sizeof *file);
    size_t size = strlen(path) + sizeof ".jsonl";
    bool is_avro = options->format == RECORD_AVRO;
    file->path = memory_new(size);
    snprintf(file->path, size, "%s%s", path, is_avro ? ".avro" : ".jsonl");
    file->options = *options;
    bool done = file_create(file->path, &file->file, error);
    if (done && is_avro)
        done = avro_file_create(file->file, options->type, AVRO_FILE_DEFLATE, &file->avro, error);
    if (done) {
        *ret_file = file;
        return true;
    }
    struct error ignored;
    bool closed = record_file_close(file, &ignored);
    (void)closed;
    return false;
}

static bool take_job(struct record_file *file, struct error *error)
{
    if (!file->relay)
        start(file);
    file->job = relay_next(file->relay);
    if (!file->job)
        *error = file->error;
    return file->job;
}

bool record_file_add(struct record_file *file, const void *record, struct error *error)
{
    size_t size = file->options.type->size;
    bool is_full = file->job && (file->job->count == BATCH_RECORDS || file->job->texts.bytes > BATCH_TEXT_BYTES);
    if ((!file->job || is_full) && !take_job(file, error))
        return false;
    void *kept = file->job->records + file->job->count++ * size;
    memcpy(kept, record, size);
    record_own_texts(kept, file->options.type, &file->job->texts);
    return true;
}

static void free_jobs(struct record_file *file)
{
    relay_free(file->relay);
    for (size_t i = 0; i < file->job_count; i++) {
        struct job *job = file->jobs[i];
        arena_done(&job->texts);
        buffer_done(&job->bytes);
        free(job->records);
        free(job);
    }
}

bool record_file_close(struct record_file *file, struct error *error)
{
    if (!file)
        return true;
    bool done = !file->relay || relay_finish(file->relay);
    if (!done)
        *error = file->error;
    free_jobs(file);
    struct error *ended = done ? error : &file->error; /* the first failure is the one to tell */
    done = avro_file_finish(file->avro, ended) && done;
    if (file->file)
        done = file_close(file->file, file->path, done ? error : &file->error) && done;
    free(file->path);
    free(file);
    return done;
}
