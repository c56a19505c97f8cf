/*
 * assign/assign.h: which billing group an account's usage belongs to (SEMANTICS 3.2). Pure.
 */
#ifndef ASSIGN_ASSIGN_H
#define ASSIGN_ASSIGN_H

#include "model/conductor.h"

/*
 * The group of an account in a period; GROUP_NONE: its usage is UNMONITORED. An account that the document does not list
 * at all goes to the group with AutoAssociate. PENDING groups price nothing. Periods before the document's have none.
 */
uint32_t assign_group(const struct conductor *conductor, uint64_t account, billing_period period);

#endif
