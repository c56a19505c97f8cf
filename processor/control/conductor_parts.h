/* control/conductor_parts.h: what the files of the conductor topic share of it. Not for others. */
#ifndef CONTROL_CONDUCTOR_PARTS_H
#define CONTROL_CONDUCTOR_PARTS_H

#include "control/conductor_topic.h"

/* Keys are period / kind / id. */
#define KIND_PRICE "Price"
#define KIND_DOCUMENT "document"
#define KIND_VERSION "version"
#define KIND_CLOSE "close"
#define KIND_ANNOUNCEMENT "closing"
#define KIND_CLOSED "closed"
#define KIND_IMPORT "import"

/* Parts of the document, each an array of entities. */
#define ENTITY_KINDS 9
extern const char *const conductor_entity_kinds[ENTITY_KINDS];

/* The newest version of a month's document. */
struct month_version {
    billing_period period;
    int64_t number;
};

struct conductor_topic {
    struct intern keys;
    char **values; /* by key; NULL: none */
    size_t value_capacity;
    struct month_version *versions; /* in order of their months */
    size_t version_count, version_capacity;
    bool is_half;             /* parts of a document have come, but not its version record */
    int64_t items_offset;     /* of the newest custom line items of a closed month; OFFSET_NONE */
    billing_period announced; /* PERIOD_NONE: no close was */
    int64_t announced_offset;
    struct close_record *closes;
    size_t close_count, close_capacity;
    struct buffer scratch;
};

struct topic_key {
    struct text period, kind, id;
};

/* Of the document that is in force in a period; NULL: there is none. */
const struct month_version *conductor_version_of(const struct conductor_topic *topic, billing_period period);
bool conductor_key_split(struct text key, struct topic_key *parts);
/* What is of another kind is somebody else's, perhaps of a later release. */
bool conductor_kind_is_of_document(struct text kind);

#endif
