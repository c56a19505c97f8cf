/* api/lookup.h: how operations find what a request names. */
#ifndef API_LOOKUP_H
#define API_LOOKUP_H

#include "api/call.h"

/* The entity that an ARN or id names, in the draft or the document; *ret_id is its id. NULL: ResourceNotFoundException. */
json_t *look_up(struct call *call, enum entity_kind kind, const char *arn, const char **ret_id);
/* The same for operations that do not know that exception: ValidationException with MISSING_… */
json_t *look_up_named(struct call *call, enum entity_kind kind, const char *arn, const char **ret_id);

bool plan_is_managed(const char *id);
/* Sets the failure if another entity of the kind (item: of the same group) has the name. */
bool name_is_free(struct call *call, enum entity_kind kind, const char *name, const char *group, const char *own_id);
/* Ten letters and digits that no entity of the kind has. */
void new_id(const struct document *draft, enum entity_kind kind, char out[11]);

/* Whether a list of ARNs or ids in a filter, if there is one, has the id. */
bool filter_has(struct call *call, const json_t *list, const char *id);
/* The same of plain texts; `text` may be NULL. */
bool filter_has_text(const json_t *list, const char *text);

/* Sets or, where it is empty, clears Description, if the request names it. */
void set_description(struct call *call, json_t *entity);
void set_text(struct call *call, json_t *entity, const char *member);
void set_modified(struct call *call, json_t *entity);
void set_created(struct call *call, json_t *entity);
/* Name, description, tags and times of a new entity. */
json_t *new_entity(struct call *call, enum entity_kind kind, const char *id);
/* {"Arn": full ARN} */
json_t *arn_reply(struct call *call, enum entity_kind kind, const char *id);
/* {"BillingPeriod": the month that was asked for} */
json_t *month_reply(struct call *call);

#endif
