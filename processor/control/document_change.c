/* control/document_change.c: which months are open, and which is being closed. */
#include "control/document_change.h"

/* The last month that is being closed, or is about to be; PERIOD_NONE: none. */
static billing_period closing_month(const struct conductor_topic *topic, bool *ret_is_announced)
{
    int64_t ignored;
    billing_period announced = conductor_topic_announced(topic, &ignored);
    *ret_is_announced = announced != PERIOD_NONE;
    if (announced != PERIOD_NONE)
        return announced;
    size_t count = conductor_topic_close_count(topic);
    if (count == 0)
        return PERIOD_NONE;
    billing_period last = conductor_topic_close(topic, count - 1)->period;
    return conductor_topic_is_closed(topic, last) ? PERIOD_NONE : last;
}

/* A close ends under the document under which it began; one for later months is none of its business. */
static bool check_closing(const struct conductor_topic *topic, billing_period period, struct error *error)
{
    char month[TIME_TEXT_MAX], next[TIME_TEXT_MAX];
    bool is_announced;
    billing_period closing = closing_month(topic, &is_announced);
    if (closing == PERIOD_NONE || period > closing)
        return true;
    period_format(closing, month);
    period_format(closing + 1, next);
    return error_fail(error, ERROR_FAILED,
                      "%s is %s: a document with the BillingPeriod %s can be applied now, an earlier one when that is done",
                      month, is_announced ? "about to be closed" : "being closed", next);
}

/* What is in force in the first open month may be of a closed one. */
static bool check_open(const struct conductor_topic *topic, billing_period period, struct error *error)
{
    char then[TIME_TEXT_MAX], open[TIME_TEXT_MAX];
    billing_period first = conductor_topic_first_open(topic);
    if (first == PERIOD_NONE || period >= first || period == conductor_topic_month_of(topic, first))
        return true;
    period_format(period, then);
    period_format(first, open);
    return error_fail(error, ERROR_FAILED, "the document is for %s, which is closed: one for %s or later can be applied",
                      then, open);
}

bool document_change_check(const struct conductor_topic *topic, billing_period period, struct error *error)
{
    return conductor_topic_version(topic) == 0 || (check_closing(topic, period, error) && check_open(topic, period, error));
}
