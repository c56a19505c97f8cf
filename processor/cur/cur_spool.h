/*
 * cur/cur_spool.h: CUR rows of a period on their way to files, put in order by the store and added up where they are parts
 * of one row (cur_fold.h): for each group all its rows, for each of its accounts the account's. Thread: one; a finished
 * spool is read by any number, a reader each.
 */
#ifndef CUR_CUR_SPOOL_H
#define CUR_CUR_SPOOL_H

#include "model/cur_row.h"
#include "store/rocks.h"

struct cur_spool;

/* Borrows the store, which may hold the spools of several periods. */
struct cur_spool *cur_spool_new(struct rocks *rocks, billing_period period);
MUST_USE bool cur_spool_add(struct cur_spool *spool, uint32_t group, const struct cur_row *row, struct error *error);
MUST_USE bool cur_spool_finish(struct cur_spool *spool, struct error *error);
void cur_spool_free(struct cur_spool *spool);

/* One report: a group (account CUR_WHOLE_GROUP) or an account of it. */
#define CUR_WHOLE_GROUP UINT64_MAX
struct cur_report {
    uint64_t group, account;
};

struct cur_reader;

/* Every report there are rows for, a group before its accounts. The caller frees the array. */
struct cur_report *cur_spool_reports(const struct cur_spool *spool, size_t *count);

/* The rows of one report. A row's texts live until the next call. */
MUST_USE bool cur_reader_open(const struct cur_spool *spool, struct cur_report report, struct cur_reader **ret_reader,
                              struct error *error);
MUST_USE bool cur_reader_next(struct cur_reader *reader, struct cur_row *row, bool *found, struct error *error);
void cur_reader_close(struct cur_reader *reader);

#endif
