/*
 * settings/faults.h: everything that is wrong with the settings, a line of printable text each, told at once.
 * Only the first FAULTS_KEPT are written, all are counted.
 */
#ifndef SETTINGS_FAULTS_H
#define SETTINGS_FAULTS_H

#include "base/buffer.h"

#define FAULTS_KEPT 50
#define HIDDEN "********"

struct faults {
    struct buffer *out; /* the caller's */
    size_t total;
};

/* Where something was set. Line 0: by --set. */
struct origin {
    const char *path;
    unsigned line;
};

/* "proforma.conf:12: key: …". An empty key is left out. */
void fault_add(struct faults *faults, struct origin origin, struct text key, const char *format, ...) PRINTF_LIKE(4, 5);
/* "proforma.conf:12: key: found "value", expected …". A hidden value is not told. */
void fault_add_value(struct faults *faults, struct origin origin, struct text key, struct text value, bool hidden,
                     struct text expected);

/* Appends a text so that it is one line, cut where it is long. */
void append_printable(struct buffer *out, struct text text);

#endif
