/*
 * codec/foreign_heading.h: names what a CSV heading is the heading of, when it is not a Cost and Usage Report's (SEMANTICS
 * 6).
 */
#ifndef CODEC_FOREIGN_HEADING_H
#define CODEC_FOREIGN_HEADING_H

#include "base/error.h"
#include "base/text.h"

/* `missing`: the columns that a report has and this heading lacks. Returns false, *error (ERROR_FAILED) is filled. */
bool foreign_heading_fail(struct text heading, const char *source, const char *missing, struct error *error);

#endif
