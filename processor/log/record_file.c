/* log/record_file.c: encodes records into files. */
#include "log/record_file.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "codec/avro_encode.h"
#include "codec/avro_file.h"

#define CHUNK_BYTES ((size_t)256 * 1024)

struct record_file {
    char *path;
    FILE *file;
    const struct record_type *type;
    enum json_absent absent;
    struct avro_file_writer *avro; /* NULL: JSON lines */
    struct buffer scratch;         /* JSON lines not written yet, or an Avro record */
};

bool record_file_create(const char *path, const struct record_type *type, enum record_format format, enum json_absent absent,
                        struct record_file **ret_file, struct error *error)
{
    struct record_file *file = memory_new(sizeof *file);
    size_t size = strlen(path) + sizeof ".jsonl";
    file->path = memory_new(size);
    snprintf(file->path, size, "%s%s", path, format == RECORD_AVRO ? ".avro" : ".jsonl");
    file->type = type;
    file->absent = absent;
    bool done = file_create(file->path, &file->file, error);
    if (done && format == RECORD_AVRO)
        done = avro_file_create(file->file, type, AVRO_FILE_DEFLATE, &file->avro, error);
    if (done) {
        *ret_file = file;
        return true;
    }
    struct error ignored;
    bool closed = record_file_close(file, &ignored);
    (void)closed;
    return false;
}

static bool flush(struct record_file *file, struct error *error)
{
    bool done = file_write(file->file, file->path, buffer_text(&file->scratch), error);
    buffer_clear(&file->scratch);
    return done;
}

bool record_file_add(struct record_file *file, const void *record, struct error *error)
{
    if (file->avro) {
        buffer_clear(&file->scratch);
        avro_encode(file->type, record, &file->scratch);
        return avro_file_append(file->avro, buffer_text(&file->scratch), error);
    }
    json_write_record(&file->scratch, file->type, record, file->absent);
    buffer_append_byte(&file->scratch, '\n');
    return file->scratch.size < CHUNK_BYTES || flush(file, error);
}

bool record_file_close(struct record_file *file, struct error *error)
{
    if (!file)
        return true;
    bool done = file->avro ? avro_file_finish(file->avro, error) : !file->file || flush(file, error);
    if (file->file)
        done = file_close(file->file, file->path, error) && done;
    buffer_done(&file->scratch);
    free(file->path);
    free(file);
    return done;
}
