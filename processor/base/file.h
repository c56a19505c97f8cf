/* base/file.h: writing files with every call checked; errors name the file. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdio.h>

#include "base/error.h"
#include "base/text.h"

MUST_USE bool file_create(const char *path, FILE **ret_file, struct error *error);
MUST_USE bool file_write(FILE *file, const char *path, struct text bytes, struct error *error);
/* Has the disk begin with what is written, where that is much, without waiting for it: then the flush at the end is short.
 * *begun is how far it has come, 0 at first. */
void file_write_behind(FILE *file, uint64_t *begun);
/* Flushes to disk and closes, whatever it returns. */
MUST_USE bool file_close(FILE *file, const char *path, struct error *error);

#endif
