/* settings/kafka_keys.h: which of librdkafka's properties an operator may set, and which are secrets. */
#ifndef SETTINGS_KAFKA_KEYS_H
#define SETTINGS_KAFKA_KEYS_H

#include "settings/settings.h"

struct kafka_refusal {
    const char *name;
    const char *allowed; /* the one value that does no harm; NULL: none */
    bool insecure;       /* insecure = true allows any value */
    const char *reason;
};

extern const struct kafka_refusal kafka_refusals[];
extern const size_t kafka_refusal_count;

/* NULL: librdkafka may have it. Names are without "kafka.". */
const struct kafka_refusal *kafka_key_refused(struct text name, struct text value, bool insecure);
bool kafka_key_is_secret(struct text name);
/* Lower case letters, digits, '.', '_' and '-': what a name can be at all. */
bool kafka_key_is_name(struct text name);

#endif
