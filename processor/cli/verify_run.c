/* cli/verify_run.c: differences in words, figures to the tally, versions of rows to a scratch store. */
#include "cli/verify_run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define STORE_BYTES ((size_t)32 * 1024 * 1024)
#define BATCH_BYTES ((size_t)1024 * 1024)

void verify_tell(struct verify_run *run, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    strcat(line, "\n");
    run->pass->counts.differences++;
    run->pass->tell(run->pass->context, text_of(line));
}

bool verify_add(struct verify_run *run, enum audit_kind kind, enum audit_source source, const struct audit_figures *figures,
                struct error *error, const char *key_format, ...)
{
    char key[1024];
    va_list args;
    va_start(args, key_format);
    vsnprintf(key, sizeof key, key_format, args);
    va_end(args);
    return tally_add(run->tally, kind, text_of(key), source, figures, error);
}

void verify_progress(struct verify_run *run, const char *phase)
{
    struct progress *progress = &run->pass->progress;
    if (progress->update && ++run->read % 1024 == 0)
        progress->update(progress->context, phase, run->read, 0, 0);
}

static char *scratch_path(const struct verify_run *run, const char *name)
{
    struct buffer path = { 0 };
    buffer_printf(&path, "%s/%s", run->pass->scratch, name);
    buffer_append_byte(&path, '\0');
    return path.data;
}

bool verify_rocks_open(const struct verify_run *run, const char *name, struct rocks **rocks, struct error *error)
{
    struct rocks_options options = { STORE_BYTES, STORE_BYTES };
    char *path = scratch_path(run, name);
    bool done = rocks_open(path, &options, rocks, error);
    free(path);
    return done;
}

bool verify_scratch_open(struct verify_run *run, const char *name, struct error *error)
{
    char *path = scratch_path(run, name);
    rocks_remove(path);
    free(path);
    return verify_rocks_open(run, name, &run->rocks, error);
}

void verify_scratch_close(struct verify_run *run)
{
    rocks_batch_free(run->batch);
    run->batch = rocks_batch_new();
    rocks_close(run->rocks);
    run->rocks = NULL;
}

bool verify_put(struct verify_run *run, struct text key, struct text value, struct error *error)
{
    rocks_batch_put(run->batch, key, value);
    return rocks_batch_bytes(run->batch) < BATCH_BYTES || rocks_write(run->rocks, run->batch, error);
}
