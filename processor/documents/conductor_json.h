/*
 * documents/conductor_json.h: the conductor document, from the JSON that `aws billingconductor list-*` prints.
 *
 * Every reply is pasted in whole under its own result key; the create forms are read too. README.md lists the keys.
 */
#ifndef DOCUMENTS_CONDUCTOR_JSON_H
#define DOCUMENTS_CONDUCTOR_JSON_H

#include "base/hash.h"
#include "codec/input.h"
#include "documents/problem.h"
#include "model/conductor.h"
#include "model/price_list.h"

/*
 * Reads and validates a whole document. All problems are collected, none stops the reading.
 * Owns:  *ret_conductor is the caller's: conductor_done, then free. It is set only when the result is true.
 * Fails: ERROR_INVALID if the file is no JSON document or if there are problems; ERROR_FAILED if it cannot be read.
 */
MUST_USE bool conductor_read(struct input *input, struct conductor **ret_conductor, struct problems *problems,
                             struct error *error);

/*
 * The same for a file that somebody made of AWS's replies: it is a problem too if they are not whole, as a NextToken says,
 * a group's Size, a plan's Size, a rule's AssociatedPricingPlanCount or an item's AssociationSize. The problem names the
 * call that is missing. (What is in force, or made by calls one by one, keeps counts that were true once.)
 */
MUST_USE bool conductor_read_whole(struct input *input, struct conductor **ret_conductor, struct problems *problems,
                                   struct error *error);

/*
 * Holds custom tiers against the published prices of their meter, where the list has it: no more tiers than published,
 * no rate above twice the highest published one. The list is indexed. Problems name places in the document last begun
 * in `problems` (problems_begin).
 */
void conductor_check_prices(const struct conductor *conductor, const struct price_list *list, struct problems *problems);

/* Of the content: equal documents have equal hashes, in whatever order their parts come. Leaves out the version. */
struct hash128 conductor_hash(const struct conductor *conductor);

#endif
