/*
 * codec/cur_manifest.h: the record that completes a report on the topic (SEMANTICS 4): what rows there are, their totals and
 * checksum, and where they lie. In Avro (schemas/CurManifest.avsc) or JSON.
 */
#ifndef CODEC_CUR_MANIFEST_H
#define CODEC_CUR_MANIFEST_H

#include "base/buffer.h"
#include "base/memory.h"
#include "money/sum.h"

struct cur_manifest_total {
    struct text usage_account_id, product_code;
    int64_t rows;
    struct sum cost; /* COST_SCALE */
};

/* Offsets of a partition of the cur topic between which all rows lie; `last` is the last one's. */
struct cur_manifest_offsets {
    int64_t partition, first, last, rows;
};

#define CUR_MANIFEST_SNAPSHOTS_MAX 8

struct cur_manifest {
    struct text snapshots[CUR_MANIFEST_SNAPSHOTS_MAX]; /* whose rows the report consists of */
    size_t snapshot_count;
    struct text snapshot_id, billing_group, billing_period, supersedes, status, currency, checksum;
    struct text payer_account_id, document_hash; /* may be empty */
    int64_t revision, rows, conductor_version, created_ms;
    struct sum cost; /* COST_SCALE */
    struct cur_manifest_total *totals;
    size_t total_count;
    struct cur_manifest_offsets offsets; /* a group's rows lie in one partition */
};

void cur_manifest_write_avro(const struct cur_manifest *manifest, struct buffer *out);
void cur_manifest_write_json(const struct cur_manifest *manifest, struct buffer *out);

/* Texts and arrays go to `arena`. Fails: no manifest. */
MUST_USE bool cur_manifest_read_avro(struct text datum, struct cur_manifest *manifest, struct arena *arena,
                                     struct error *error);
MUST_USE bool cur_manifest_read_json(struct text json, struct cur_manifest *manifest, struct arena *arena,
                                     struct error *error);

/* Whether rows of a snapshot are of the report. */
bool cur_manifest_has(const struct cur_manifest *manifest, struct text snapshot);

#endif
