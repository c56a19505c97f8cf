/*
 * period/statement.h: a group's bill of a month from its totals and its custom charges: the group's row, its services' rows,
 * then its accounts' rows by service and type (SEMANTICS 4, 6). Rows of one key add up. Pure.
 */
#ifndef PERIOD_STATEMENT_H
#define PERIOD_STATEMENT_H

#include "model/account.h"
#include "period/bills.h"
#include "period/custom_line_items.h"

struct statement {
    struct text group, period, currency; /* as the rows name them; borrowed */
    struct total whole;
    struct totals services, lines; /* sorted */
    char account[ACCOUNT_DIGITS + 1];
};

/*
 * Makes the statement of a group from `count` totals from `first` on and from its charges. Only the caller knows which group
 * they are of; what the totals' keys say of it is passed over.
 */
void statement_make(struct statement *statement, const struct totals *totals, size_t first, size_t count,
                    const struct custom_charges *charges);

/* None where there is neither usage nor a charge. */
size_t statement_row_count(const struct statement *statement);
/* Texts are the statement's, the account's until the next call. */
void statement_row(struct statement *statement, size_t row, struct bill *bill);

void statement_done(struct statement *statement);

#endif
