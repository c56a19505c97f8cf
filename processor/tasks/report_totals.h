/*
 * tasks/report_totals.h: what a task has put into the reports of a month, by group and account: for the manifests.
 * Groups are the caller's numbers. Thread: one.
 */
#ifndef TASKS_REPORT_TOTALS_H
#define TASKS_REPORT_TOTALS_H

#include "aggregate/totals.h"
#include "base/hash.h"

struct report_checksum {
    uint32_t group;
    uint64_t account;
    struct hash128 checksum;
};

struct report_totals {
    struct totals totals;   /* by group, account and service; rows in `charged_rows` */
    struct totals accounts; /* finds the checksum of a group and account: same place */
    struct report_checksum *checksums;
    size_t checksum_count, checksum_capacity;
};

void report_totals_add(struct report_totals *report, uint32_t group, uint64_t account, struct text service,
                       const struct sum *cost, uint64_t rows);
void report_totals_add_checksum(struct report_totals *report, uint32_t group, uint64_t account, struct hash128 part);
/* Adds all of another. */
void report_totals_add_all(struct report_totals *report, const struct report_totals *other);
/* Zero where no row was reported. */
struct hash128 report_totals_checksum(struct report_totals *report, uint32_t group, uint64_t account);
void report_totals_done(struct report_totals *report);

#endif
