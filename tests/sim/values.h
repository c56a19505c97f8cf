/* sim/values.h: what lies on the topics, read back: Avro in the Confluent wire format under the fixed ids. */
#ifndef SIM_VALUES_H
#define SIM_VALUES_H

#include "base/intern.h"
#include "codec/cur_manifest.h"
#include "codec/wire.h"
#include "log/stream.h"
#include "tasks/marker.h"

/* Before all others here, and when nothing is read any more. */
void values_begin(void);
void values_end(void);

/* False: it is no record of this type. Texts borrow from the value or live until the next call. */
bool value_decode(struct text value, const struct record_type *type, void *record);
bool value_decode_manifest(struct text value, struct cur_manifest *manifest);
/* Of a `#task` record of line-items: replaces *marker, which begins as marker_none(). */
bool value_is_marker(const struct stream_record *record);
struct marker marker_none(void);
bool value_decode_marker(const struct stream_record *record, struct marker *marker);

/* The last value of every key of a topic, in the order in which keys came first. */
struct latest {
    struct intern keys;
    struct text *values; /* by key; without data: deleted */
    size_t capacity;
};

/* The key's number. The value is borrowed. */
uint32_t latest_take(struct latest *latest, const struct stream_record *record);
void latest_done(struct latest *latest);

#endif
