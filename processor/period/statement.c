/* period/statement.c: adds up by wider keys. */
#include "period/statement.h"

static struct total *line_of(struct statement *statement, uint64_t account, struct text service, struct text type)
{
    return totals_get(&statement->lines, 0, account, service, type);
}

static void add_up(struct statement *statement)
{
    const struct totals *lines = &statement->lines;
    for (size_t i = 0; i < lines->count; i++) {
        total_add(&statement->whole, &lines->items[i]);
        total_add(totals_get(&statement->services, 0, 0, total_service(lines, &lines->items[i]), TEXT_NONE),
                  &lines->items[i]);
    }
    totals_sort(&statement->services);
}

void statement_make(struct statement *statement, const struct totals *totals, size_t first, size_t count,
                    const struct custom_charges *charges)
{
    *statement = (struct statement){ .whole.latest_end_ms = INT64_MIN };
    for (size_t i = first; i < first + count; i++) {
        const struct total *total = &totals->items[i];
        if (total_is_nothing(total))
            continue; /* what was in it is gone, or elsewhere now */
        total_add(line_of(statement, total->key.account, total_service(totals, total), total_type(totals, total)), total);
    }
    for (size_t i = 0; i < charges->count; i++) {
        const struct custom_charge *charge = &charges->items[i];
        sum_add(&line_of(statement, charge->account, charge->service, charge->type)->cost, charge->cost);
    }
    totals_sort(&statement->lines);
    add_up(statement);
}

size_t statement_row_count(const struct statement *statement)
{
    return statement->lines.count ? 1 + statement->services.count + statement->lines.count : 0;
}

static void make_row(const struct statement *statement, const struct total *total, struct text account, struct text service,
                     struct text type, struct bill *bill)
{
    bill_from_total(total, statement->group, statement->period, account, service, type, statement->currency, bill);
}

void statement_row(struct statement *statement, size_t row, struct bill *bill)
{
    const struct totals *services = &statement->services, *lines = &statement->lines;
    if (row == 0) {
        make_row(statement, &statement->whole, TEXT_NONE, TEXT_NONE, TEXT_NONE, bill);
        return;
    }
    if (row <= services->count) {
        const struct total *service = &services->items[row - 1];
        make_row(statement, service, TEXT_NONE, total_service(services, service), TEXT_NONE, bill);
        return;
    }
    const struct total *line = &lines->items[row - 1 - services->count];
    account_format(line->key.account, statement->account);
    make_row(statement, line, text_of(statement->account), total_service(lines, line), total_type(lines, line), bill);
}

void statement_done(struct statement *statement)
{
    totals_done(&statement->services);
    totals_done(&statement->lines);
}
