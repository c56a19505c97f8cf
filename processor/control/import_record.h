/*
 * control/import_record.h: what the conductor topic says of the usage that `proforma import` has published of a payer's
 * month: from which offsets on it lies on the usage topic, and whether the last delivery is out whole.
 */
#ifndef CONTROL_IMPORT_RECORD_H
#define CONTROL_IMPORT_RECORD_H

#include "base/buffer.h"
#include "base/memory.h"

struct import_record {
    bool is_done;     /* false: an import has begun, and may have been killed */
    bool is_unmarked; /* its records have no header of their own: all usage of the month is taken for it */
    int64_t *offsets; /* of every usage partition, the end before the first import; in the arena */
    size_t offset_count;
};

/* Fails: no such record. `{}`, as earlier releases wrote it, is one that is done and unmarked. */
MUST_USE bool import_record_read(struct text value, struct import_record *record, struct arena *arena, struct error *error);
void import_record_print(const struct import_record *record, struct buffer *out);

#endif
