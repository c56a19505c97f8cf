/*
 * cur/cur_files.h: reports as AWS delivers them: gzip CSV with legacy headings, and a manifest (cur/README.md).
 *
 *   <folder>/<YYYYMMDD-YYYYMMDD>/<name>-00001.csv.gz …    <folder>/<YYYYMMDD-YYYYMMDD>/<name>-Manifest.json
 *
 * Equal rows give equal bytes, manifest included. The manifest is written last.
 */
#ifndef CUR_CUR_FILES_H
#define CUR_CUR_FILES_H

#include "cur/cur_spool.h"

#define CUR_ROWS_PER_FILE 1000000

struct cur_report_files {
    const char *folder; /* exists */
    struct text name;   /* of the report: the group's or the account's id */
    billing_period period;
    struct text payer; /* "account" of the manifest; may be empty */
    struct text currency;
    struct text document_hash; /* hex */
    int64_t conductor_version;
    int64_t revision; /* of the report, from 1 */
};

struct cur_report_totals {
    uint64_t rows, files;
    struct sum cost; /* COST_SCALE */
};

/* Writes one report. Fails: the disk. */
MUST_USE bool cur_files_write(const struct cur_spool *spool, struct cur_report report, const struct cur_report_files *files,
                              struct cur_report_totals *totals, struct error *error);

#endif
