/* control/document_change.c: which months are open, and which is being closed. */
#include "control/document_change.h"

static bool check_closes(const struct conductor_topic *topic, struct error *error)
{
    char text[TIME_TEXT_MAX];
    int64_t ignored;
    billing_period announced = conductor_topic_announced(topic, &ignored);
    if (announced != PERIOD_NONE) {
        period_format(announced, text);
        return error_fail(error, ERROR_FAILED, "%s is about to be closed: a document can be applied when that is done",
                          text);
    }
    for (size_t i = 0; i < conductor_topic_close_count(topic); i++) {
        billing_period period = conductor_topic_close(topic, i)->period;
        period_format(period, text);
        if (!conductor_topic_is_closed(topic, period))
            return error_fail(error, ERROR_FAILED, "%s is being closed: a document can be applied when that is done", text);
    }
    return true;
}

static bool check_period(const struct conductor_topic *topic, billing_period period, struct error *error)
{
    billing_period in_force = conductor_topic_period(topic);
    char now[TIME_TEXT_MAX], then[TIME_TEXT_MAX], before[TIME_TEXT_MAX];
    period_format(in_force, now);
    period_format(period, then);
    period_format(period - 1, before);
    if (period < in_force)
        return error_fail(error, ERROR_FAILED, "the document is for %s, and one for %s is in force", then, now);
    if (period > in_force && !conductor_topic_is_closed(topic, period - 1))
        return error_fail(error, ERROR_FAILED,
                          "the document is for %s, and %s is not closed: one with the BillingPeriod %s can be applied now, "
                          "one for %s when %s is closed",
                          then, before, now, then, before);
    return true;
}

bool document_change_check(const struct conductor_topic *topic, billing_period period, struct error *error)
{
    return conductor_topic_version(topic) == 0 || (check_closes(topic, error) && check_period(topic, period, error));
}
