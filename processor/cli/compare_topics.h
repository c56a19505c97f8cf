/* cli/compare_topics.h: what a month on the topics would cost under another document. Writes and commits nothing. */
#ifndef CLI_COMPARE_TOPICS_H
#define CLI_COMPARE_TOPICS_H

#include "cli/documents.h"

/*
 * The month of the arguments, or the one that the document in force is for. `documents` is document B. On true *result is
 * B's, for the caller to tell more of it and to end it.
 */
MUST_USE bool compare_topics(const struct arguments *arguments, struct documents *documents, struct price_run_result *result,
                             struct error *error);

#endif
