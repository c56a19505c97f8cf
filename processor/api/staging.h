/* api/staging.h: one operation on a draft, held against all that a document has to keep to. */
#ifndef API_STAGING_H
#define API_STAGING_H

#include "api/call.h"

/* NULL: the operation, or the document that it would make, is refused; call->failure says how. `prices` may be NULL. */
json_t *stage_operation(struct call *call, const struct price_list *prices);

#endif
