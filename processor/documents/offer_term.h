/* documents/offer_term.h: the on-demand terms of one sku in an offer file. Private to offer_file.c. */
#ifndef DOCUMENTS_OFFER_TERM_H
#define DOCUMENTS_OFFER_TERM_H

#include "documents/json_node.h"
#include "model/calendar.h"
#include "model/conductor.h"

/* A term of the sku: its tiers are [first, first + count) of all. */
struct offer_version {
    billing_period since; /* the first month at whose start it is in force; 0: always */
    size_t first, count;
};

/* Reused from sku to sku. Owns its arrays; texts are borrowed from the last value read. */
struct offer_term {
    struct offer_version *versions; /* at least one, by `since` */
    size_t version_count, version_capacity;
    struct tier *tiers;
    size_t count, capacity;
    struct text *applies_to; /* of all dimensions; some may come more than once */
    size_t applies_to_count, applies_to_capacity;
    struct text unit;
    bool dimensions_seen, currency_seen; /* in any sku so far */
    bool lacks_currency;                 /* this sku has a dimension without a price in it */
};

/*
 * Reads all terms, each for the months from the first that begins with it in force; of several for the same months the one
 * with the latest effectiveDate, then the smallest code. Ranges follow one another from 0, to Inf or, in an allowance, to
 * an end. False: there is no price in the currency, or there are problems.
 */
bool offer_term_read(const struct node *terms, struct text sku, struct text currency, struct offer_term *term);
void offer_term_done(struct offer_term *term);

#endif
