/* settings/value.h: numbers with and without a unit. Never negative, no fractions; what does not fit is refused. */
#ifndef SETTINGS_VALUE_H
#define SETTINGS_VALUE_H

#include "base/error.h"
#include "base/text.h"

#define VALUE_TEXT_MAX 32

MUST_USE bool value_integer(struct text text, int64_t *number);
/* "65536", "64B", "512MiB", "1GB". */
MUST_USE bool value_size(struct text text, int64_t *bytes);
/* "100ms", "10s", "5m", "24h", "5d", and "0". */
MUST_USE bool value_duration(struct text text, int64_t *milliseconds);

/* In the largest unit that leaves no rest; reading it gives the same number. */
void value_size_format(int64_t bytes, char out[VALUE_TEXT_MAX]);
void value_duration_format(int64_t milliseconds, char out[VALUE_TEXT_MAX]);

#endif
