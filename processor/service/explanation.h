/* service/explanation.h: how a line item came to its cost, in words, and the sum done again. Pure. */
#ifndef SERVICE_EXPLANATION_H
#define SERVICE_EXPLANATION_H

#include "base/buffer.h"
#include "model/line_item.h"

/* For whom: only the payer hears what AWS bills. */
enum explanation_reader { EXPLAIN_TO_PAYER, EXPLAIN_TO_CUSTOMER };

/* Appends the text. False: the sum does not add up, and the text says so. */
bool explanation_write(const struct line_item *item, enum explanation_reader reader, struct buffer *out);

#endif
