/*
 * cli/import_months.h: the payers' months that an import is about, what is to be done with each, and what the conductor
 * topic is told of them.
 */
#ifndef CLI_IMPORT_MONTHS_H
#define CLI_IMPORT_MONTHS_H

#include "cli/connection.h"
#include "control/import_record.h"
#include "model/usage_event.h"

enum import_mode {
    IMPORT_EVENTS,   /* its events go out as they come */
    IMPORT_DELIVERY, /* a newer delivery of a month that is there: what differs goes out */
};

struct import_month {
    billing_period period;
    uint32_t payer; /* in `payers` */
    enum import_mode mode;
    bool has_record, is_other; /* other: not all of its usage comes from reports */
    struct import_record record;
    struct text mark; /* "2026-06/100000000001": what its records on the usage topic are marked with */
};

struct import_months {
    struct connection *connection;
    struct arena arena;
    struct intern payers;
    struct import_month *items;
    size_t count, capacity, last;
    int64_t *ends; /* of every usage partition before anything is published; in the arena */
    size_t end_count;
};

/* Notes where the usage topic ends. */
MUST_USE bool import_months_begin(struct import_months *months, struct error *error);

/* The month of an event; a new one is looked up on the conductor topic. */
MUST_USE bool import_months_find(struct import_months *months, const struct usage_event *event,
                                 struct import_month **ret_month, struct error *error);
/* Decides on each month's mode, once all are known. Fails: usage that is no report came before, and no --again. */
MUST_USE bool import_months_decide(struct import_months *months, bool again, struct error *error);
/* Where they are not known beforehand, as of standard input: fails for a month that is there already. */
MUST_USE bool import_months_check_new(const struct import_months *months, const struct import_month *month,
                                      struct error *error);
/* Publishes their records in one transaction, before usage goes out (is_done false) and behind it. */
MUST_USE bool import_months_record(struct import_months *months, bool is_done, struct error *error);
void import_months_done(struct import_months *months);

#define IMPORT_HEADER "import"

#endif
