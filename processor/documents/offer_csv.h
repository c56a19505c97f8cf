/*
 * documents/offer_csv.h: the CSV form of an offer file: a row a price, behind some lines about the file. Private to
 * offer_file.c, which gets each sku's rows as the JSON form has them.
 */
#ifndef DOCUMENTS_OFFER_CSV_H
#define DOCUMENTS_OFFER_CSV_H

#include <jansson.h>

#include "codec/input.h"

/* {"attributes": …} and {"<term>": {"priceDimensions": {"line 7": …}}}; borrowed for the call. */
struct offer_csv_sku {
    struct text sku;
    json_t *product, *terms;
};

/* Takes each sku once, in the order of their bytes, after the whole file has been read; of a row some forty bytes are kept.
 * Fails: ERROR_INVALID with the line if it is no such file, ERROR_FAILED if it cannot be read. */
MUST_USE bool offer_csv_read(struct input *input, void (*take)(void *context, const struct offer_csv_sku *sku),
                             void *context, struct error *error);

#endif
