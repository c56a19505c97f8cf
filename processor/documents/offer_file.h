/*
 * documents/offer_file.h: published on-demand prices from an AWS bulk offer file of any size, JSON or CSV, or from what
 * `aws pricing get-products` prints: one page or several, items as texts or parsed.
 */
#ifndef DOCUMENTS_OFFER_FILE_H
#define DOCUMENTS_OFFER_FILE_H

#include "codec/input.h"
#include "documents/problem.h"
#include "model/price_list.h"

/*
 * Adds the on-demand prices of a file to the list; price_list_index is the caller's, after the last file. A sku whose
 * prices do not hold is a problem and is left out; the result is true all the same, so the caller looks at
 * problems->total. Products without on-demand terms or without a usage type have no price here and are passed over,
 * a sku without a price in `currency` is one at fault. list->left_out counts them.
 * Fails: ERROR_INVALID if the file is no such document (an index of AWS's is named), ERROR_FAILED if it cannot be read. The
 * list then holds part of the file and is only good for price_list_done.
 */
MUST_USE bool offer_file_read(struct input *input, struct text currency, struct price_list *list, struct problems *problems,
                              struct error *error);

#endif
