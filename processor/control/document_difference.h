/*
 * control/document_difference.h: what a publication changes, in words for people: groups, accounts that move, plans, rules,
 * prices, custom line items.
 *
 * A month that has no document yet is held against the one of the last month before it. Pure but for memory.
 */
#ifndef CONTROL_DOCUMENT_DIFFERENCE_H
#define CONTROL_DOCUMENT_DIFFERENCE_H

#include "control/conductor_topic.h"

struct document_difference {
    size_t added, changed, removed; /* entities and prices */
    size_t lines;                   /* in `words` */
    struct buffer words;            /* a line each, at most `lines_max`; those that are left out are counted only */
};

/* `period` is that of the changes; *difference is begun anew. */
void document_difference_tell(const struct conductor_topic *topic, billing_period period,
                              const struct conductor_changes *changes, size_t lines_max,
                              struct document_difference *difference);
void document_difference_done(struct document_difference *difference);

#endif
