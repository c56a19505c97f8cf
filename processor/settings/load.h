/*
 * settings/load.h: makes struct settings of a file and of --set arguments, which win. All that is wrong is told at
 * once.
 */
#ifndef SETTINGS_LOAD_H
#define SETTINGS_LOAD_H

#include "settings/settings.h"

/*
 * Loads `path` (NULL: no file, defaults only), then each of `sets` ("key=value"; of one key the last counts).
 * Owns:  *settings must be settings_done'd after true; after false it holds nothing.
 * Fails: ERROR_INVALID. A line for each fault is appended to *problems: place, key, what was found, what was expected;
 *        values of secrets are in none. *error says how many there are, or why the file cannot be read.
 */
MUST_USE bool settings_load(const char *path, const char *const *sets, size_t set_count, struct settings *settings,
                            struct buffer *problems, struct error *error);

/* The same of a file in memory. `path` names it in messages; `is_public`: every user may read it, so it holds no
 * secret. */
MUST_USE bool settings_load_text(struct text file, const char *path, bool is_public, const char *const *sets,
                                 size_t set_count, struct settings *settings, struct buffer *problems, struct error *error);

#endif
