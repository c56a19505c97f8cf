/* cli/documents.h: reads the conductor document and price lists that a command names, and prints what is wrong with them. */
#ifndef CLI_DOCUMENTS_H
#define CLI_DOCUMENTS_H

#include "cli/arguments.h"
#include "documents/conductor_json.h"
#include "rate/price.h"

struct documents {
    struct conductor *conductor;
    struct price_list list;
    struct pricing pricing;
    struct buffer json; /* the document as it was read */
};

/*
 * Reads and checks everything before it gives up. Problems are printed to standard error, one a line. Skus of a price list
 * that are at fault are left out, counted and named in a warning.
 * Fails: ERROR_INVALID with a summary, ERROR_FAILED for a file that cannot be read.
 */
MUST_USE bool documents_read(const char *conductor, const char *const *price_lists, size_t price_list_count,
                             struct documents *documents, struct error *error);
/* The same; a sku at fault is a problem like any other (--strict). */
MUST_USE bool documents_read_strictly(const char *conductor, const char *const *price_lists, size_t price_list_count,
                                      struct documents *documents, struct error *error);
/* What a command's arguments name; `which` of its conductor documents. */
MUST_USE bool documents_of_arguments(const struct arguments *arguments, size_t which, struct documents *documents,
                                     struct error *error);
void documents_done(struct documents *documents);

#endif
