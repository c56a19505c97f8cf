/*
 * log/output_dir.h: a result folder that is whole or not there: written beside (DIR/.partial), then renamed, its summary
 * last. A result without summary.json is none.
 */
#ifndef LOG_OUTPUT_DIR_H
#define LOG_OUTPUT_DIR_H

#include "base/error.h"

struct output_dir;

/*
 * Takes the folder: makes it if it is not there, removes what an interrupted run left in .partial.
 * Fails: ERROR_INVALID if it holds anything else, ERROR_FAILED if another process is writing to it or it cannot be made.
 */
MUST_USE bool output_dir_open(const char *path, struct output_dir **ret_dir, struct error *error);

const char *output_dir_partial(const struct output_dir *dir); /* where files are to be written */
const char *output_dir_path(const struct output_dir *dir);

/* Removes `state` inside .partial, then renames everything into the folder, `last` last, and removes .partial. */
MUST_USE bool output_dir_publish(struct output_dir *dir, const char *last, struct error *error);

/* Removes all that was written, and the folder if this run made it. Then frees. NULL is fine. */
void output_dir_discard(struct output_dir *dir);

/* After publish. */
void output_dir_close(struct output_dir *dir);

/* Makes the folders of a path below .partial ("cur/g/accounts"). */
MUST_USE bool output_dir_make(const struct output_dir *dir, const char *relative, struct error *error);

/* Removes a folder and all in it; no error if it is not there. */
void remove_tree(const char *path);

#endif
