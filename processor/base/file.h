/* base/file.h: writing files with every call checked; errors name the file. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdio.h>

#include "base/error.h"
#include "base/text.h"

MUST_USE bool file_create(const char *path, FILE **ret_file, struct error *error);
MUST_USE bool file_write(FILE *file, const char *path, struct text bytes, struct error *error);
/* Flushes to disk and closes, whatever it returns. */
MUST_USE bool file_close(FILE *file, const char *path, struct error *error);

#endif
