/*
 * service/source.h: what is served besides documents and bills: states of months and tasks, and reports. A folder's or the
 * topics'.
 *
 * Any thread.
 */
#ifndef SERVICE_SOURCE_H
#define SERVICE_SOURCE_H

#include "model/calendar.h"
#include "model/price_list.h"
#include "base/buffer.h"
#include "base/error.h"

enum month_state {
    MONTH_OPEN,
    MONTH_CLOSING,
    MONTH_CLOSED,
    MONTH_GONE, /* closed so long ago that its bills are not shown any more */
};

enum source_health {
    SOURCE_READY,
    SOURCE_AWAY,   /* the brokers do not answer: what is shown is as old as their last answer */
    SOURCE_UNREAD, /* what is shown is being read anew, and not whole */
};

struct source {
    void *context;
    /* The month that is going on: what a request means that names none. */
    billing_period (*running_month)(void *context);
    enum month_state (*month_state)(void *context, billing_period period);
    /* Visits every report of a month; an empty account stands for the whole group. */
    bool (*reports)(void *context, billing_period period,
                    void (*visit)(void *visitor, struct text group, struct text account), void *visitor,
                    struct error *error);
    /* Opens a report, gzipped CSV; *file is -1 if there is none. The caller closes it. */
    bool (*open_report)(void *context, billing_period period, struct text group, struct text account, int *file,
                        uint64_t *bytes, struct error *error);
    enum source_health (*health)(void *context);
    /* Fills an empty list with the price list of the document in force. */
    bool (*prices)(void *context, billing_period period, struct price_list *list, struct error *error);
    /*
     * Appends a JSON object of what is known: "counts" of usage events by what became of them, "tasks" and how far they
     * are, "dead_letters" by reason.
     */
    bool (*state)(void *context, struct buffer *out, struct error *error);
};

#endif
