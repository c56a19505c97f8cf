/*
 * store/state_dir.h: a folder of local state for this process alone, below `state.dir`.
 *
 *   <state.dir>/<instance.id or process-N>/<installation>/…
 *
 * Without an instance.id it is the first process-N that no other process holds, so that processes share a state.dir and
 * find their state again. Held by a lock that ends with the process. The installation (cluster, group, prefix) keeps apart
 * what must not be mixed up. Folders are made for this user alone; an instance or installation that is no plain name of one
 * folder is refused (ERROR_INVALID).
 */
#ifndef STORE_STATE_DIR_H
#define STORE_STATE_DIR_H

#include "base/error.h"

struct state_dir;

MUST_USE bool state_dir_take(const char *root, const char *instance, const char *installation, struct state_dir **ret_dir,
                             struct error *error);
const char *state_dir_path(const struct state_dir *dir);
void state_dir_release(struct state_dir *dir);

/* Makes a folder, for this user alone, with all above it, where they are missing. */
MUST_USE bool state_dir_make(const char *path, struct error *error);

#endif
