/*
 * model/correction.h: what an event says that corrects a row instead of adding usage to it (SEMANTICS 6): its amounts are
 * differences, and its id says the rest, so that it goes wherever the event goes. `import` writes such events.
 *
 *   proforma/correction/-2,anew,free,without-amount/…
 */
#ifndef MODEL_CORRECTION_H
#define MODEL_CORRECTION_H

#include "base/text.h"

#define CORRECTION_TEXT_MAX 80

struct correction {
    bool is_one;
    bool anew;              /* description, end and whether there is an amount are this event's from now on */
    bool without_amount;    /* its amount only takes away: of itself the row has none */
    bool billed_at_nothing; /* the row's fact; a difference does not tell */
    int64_t events;         /* how many more there are, or fewer; less than 10^12 in size */
};

/* How the id begins, up to its last '/'; returns the length. What follows makes it an id of its own. */
size_t correction_print(const struct correction *correction, char out[CORRECTION_TEXT_MAX]);
/* Any other id is no correction's. */
void correction_read(struct text event_id, struct correction *correction);

#endif
