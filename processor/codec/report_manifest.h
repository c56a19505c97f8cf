/*
 * codec/report_manifest.h: what AWS writes beside a delivery: a CUR's …-Manifest.json with its `reportKeys`, or that of a
 * data export (CUR 2.0) with its `dataFiles`. Both name objects in S3; usage_files finds their copies.
 */
#ifndef CODEC_REPORT_MANIFEST_H
#define CODEC_REPORT_MANIFEST_H

#include "base/error.h"
#include "base/memory.h"

#define REPORT_MANIFEST_BYTES_MAX ((size_t)16 * 1024 * 1024)

#define REPORT_KEY_PATHS_MAX 3

/* An object in the bucket, and where a copy of the bucket may have it: none of the paths leads out of that copy. */
struct report_key {
    const char *key;
    const char *paths[REPORT_KEY_PATHS_MAX]; /* as it stands first, then with its %20 and + taken for what they stand for */
    size_t path_count;
};

struct report_manifest {
    struct text assembly; /* of the delivery; empty: not named */
    struct text bucket;   /* empty: not named */
    struct report_key *keys;
    size_t key_count;
};

/* Whether a file of this name is a manifest by AWS's habit. */
bool report_manifest_is_name(const char *path);

/* Whether the file holds one JSON object with keys of a manifest. False also for what cannot be read. */
bool report_manifest_is_file(const char *path);

/* Texts and keys go to `arena`. Fails (ERROR_FAILED): no manifest, no keys, a key that is no path, a key given twice. */
MUST_USE bool report_manifest_read(const char *path, struct report_manifest *manifest, struct arena *arena,
                                   struct error *error);

#endif
