/*
 * codec/json_write.h: records as JSON objects with the fields' names: decimals as strings without trailing zeros, times
 * ISO 8601 UTC (SEMANTICS 6).
 */
#ifndef CODEC_JSON_WRITE_H
#define CODEC_JSON_WRITE_H

#include "base/buffer.h"
#include "model/record.h"

/* Absent, empty and null are one thing; line items leave out what they lack, bills have all their members. */
enum json_absent { JSON_ABSENT_LEFT_OUT, JSON_ABSENT_NULL };

void json_write_record(struct buffer *out, const struct record_type *type, const void *record, enum json_absent absent);

/* A string with its quotation marks, escaped. Bytes that are not UTF-8 are replaced by U+FFFD. */
void json_write_text(struct buffer *out, struct text text);
void json_write_decimal(struct buffer *out, i128 value, unsigned scale);
void json_write_sum(struct buffer *out, const struct sum *sum, unsigned scale);
void json_write_time(struct buffer *out, int64_t time_ms);

#endif
