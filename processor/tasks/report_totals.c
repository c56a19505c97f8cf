/* tasks/report_totals.c: sums. */
#include "tasks/report_totals.h"

#include <stdlib.h>

#include "base/memory.h"

void report_totals_add(struct report_totals *report, uint32_t group, uint64_t account, struct text service,
                       const struct sum *cost, uint64_t rows)
{
    struct total *total = totals_get(&report->totals, group, account, service, TEXT_NONE);
    total->charged_rows += (int64_t)rows;
    sum_add_sum(&total->cost, cost);
}

/* Made if there is none. */
static struct report_checksum *checksum_of(struct report_totals *report, uint32_t group, uint64_t account)
{
    struct total *place = totals_get(&report->accounts, group, account, TEXT_NONE, TEXT_NONE);
    size_t at = (size_t)(place - report->accounts.items);
    if (at == report->checksum_count) {
        report->checksums = memory_reserve_one(report->checksums, report->checksum_count, &report->checksum_capacity,
                                               sizeof *report->checksums);
        report->checksums[report->checksum_count++] = (struct report_checksum){ group, account, { 0, 0 } };
    }
    return &report->checksums[at];
}

void report_totals_add_checksum(struct report_totals *report, uint32_t group, uint64_t account, struct hash128 part)
{
    struct hash128 *sum = &checksum_of(report, group, account)->checksum;
    sum->low += part.low;
    sum->high += part.high + (sum->low < part.low);
}

void report_totals_add_all(struct report_totals *report, const struct report_totals *other)
{
    for (size_t i = 0; i < other->totals.count; i++) {
        const struct total *total = &other->totals.items[i];
        report_totals_add(report, total->key.group, total->key.account, total_service(&other->totals, total), &total->cost,
                          (uint64_t)total->charged_rows);
    }
    for (size_t i = 0; i < other->checksum_count; i++)
        report_totals_add_checksum(report, other->checksums[i].group, other->checksums[i].account,
                                   other->checksums[i].checksum);
}

struct hash128 report_totals_checksum(struct report_totals *report, uint32_t group, uint64_t account)
{
    return checksum_of(report, group, account)->checksum;
}

void report_totals_done(struct report_totals *report)
{
    totals_done(&report->totals);
    totals_done(&report->accounts);
    free(report->checksums);
    *report = (struct report_totals){ 0 };
}
