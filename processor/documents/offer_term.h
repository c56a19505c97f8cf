/* documents/offer_term.h: the on-demand terms of one sku in an offer file. Private to offer_file.c. */
#ifndef DOCUMENTS_OFFER_TERM_H
#define DOCUMENTS_OFFER_TERM_H

#include "documents/json_node.h"
#include "model/conductor.h"

/* Reused from sku to sku. Owns its tiers; the unit is borrowed from the last value read. */
struct offer_term {
    struct tier *tiers;
    size_t count, capacity;
    struct text unit;
    bool dimensions_seen, currency_seen; /* in any sku so far */
    bool lacks_currency;                 /* this sku has a dimension without a price in it */
};

/*
 * Reads the term in force: the one with the latest effectiveDate, of several the one with the smallest code. False: it
 * has no price in the currency, or problems.
 */
bool offer_term_read(const struct node *terms, struct text sku, struct text currency, struct offer_term *term);
void offer_term_done(struct offer_term *term);

#endif
