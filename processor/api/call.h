/*
 * api/call.h: one call of an operation: its validated input, the documents it reads or changes, its reply or failure.
 *
 * An operation is a function from a call to its reply; NULL: it failed, and call->failure says how. A read sees a
 * published document; a change edits a draft, which counts only if the operation succeeds. No I/O but the view's.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include <jansson.h>

#include "api/model.h"
#include "service/book.h"

enum failure_kind {
    FAILURE_NONE,
    FAILURE_VALIDATION,
    FAILURE_SERVICE_LIMIT,
    FAILURE_ACCESS_DENIED,
    FAILURE_NOT_FOUND,
    FAILURE_CONFLICT,
    FAILURE_INTERNAL,
    FAILURE_UNAVAILABLE,
    FAILURE_UNKNOWN_OPERATION,
    FAILURE_METHOD,
    FAILURE_TOO_LARGE,
    FAILURE_MEDIA_TYPE,
};

struct failure {
    enum failure_kind kind;
    const char *reason; /* static */
    char message[512];
    char resource_id[256];
    const char *resource_type; /* static */
    json_t *fields;            /* [{Name, Message}] */
};

struct call {
    enum operation operation;
    json_t *input;
    int64_t now_s;
    billing_period now;   /* the running month */
    billing_period month; /* asked for */
    struct book *book;
    struct view *view;
    struct document *document; /* of a read: in force in the month */
    struct document *draft;    /* of a change: the running month's */
    struct failure failure;
    struct buffer scratch, arn;
};

typedef json_t *operation_function(struct call *call);

/* ---- failures: all return NULL ---- */

json_t *fail_validation(struct call *call, const char *reason, const char *format, ...) PRINTF_LIKE(3, 4);
json_t *fail_conflict(struct call *call, const char *reason, enum entity_kind kind, const char *id, const char *format, ...)
    PRINTF_LIKE(5, 6);
/* ResourceNotFoundException. */
json_t *fail_not_found(struct call *call, enum entity_kind kind, const char *id);
json_t *fail_internal(struct call *call, const struct error *error);
/* Adds to Fields. */
void failure_field(struct failure *failure, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
void failure_done(struct failure *failure);
/* Status, error name and body. */
unsigned failure_write(const struct failure *failure, const char **ret_name, struct buffer *body);

/* ---- input and output ---- */

const char *input_text(const struct call *call, const char *member);
json_t *input_member(const struct call *call, const char *member);
/*
 * The id in an ARN, or the bare id. NULL: it names another payer (the failure is MISMATCHED_…_ARN).
 */
const char *input_id(struct call *call, const char *arn);
/* A month as the model lets it through: of any year, also before those that have documents. */
billing_period input_month(const char *text);

/* An entity's full ARN as JSON. */
json_t *arn_value(struct call *call, const struct document *document, enum entity_kind kind, const char *id);
/* Copies members as they are, where the entity has them. */
void copy_members(json_t *to, const json_t *from, const char *const *names, size_t count);
json_t *epoch_value(int64_t seconds);
/* Appends JSON; members that the API has as numbers are printed bare, with their digits. */
void reply_write(const json_t *reply, struct buffer *out);

/* ---- pages ---- */

struct list_page {
    size_t max;
    char *after; /* the key to go on behind; NULL: from the beginning */
    char *last;  /* key of the last element that was added */
    json_t *list;
    bool more;
};

/* Reads MaxResults and NextToken. False: the token is none of this call's. */
bool list_begin(struct call *call, size_t standard, struct list_page *page);
/* Takes the element over; false when the page is full: the list goes on, and the element is dropped. */
bool list_add(struct list_page *page, const char *key, json_t *element);
/* Puts list and NextToken into the reply, and frees the page. */
void list_end(struct call *call, struct list_page *page, const char *list_name, json_t *reply);

/* ---- the operations, a file a resource ---- */

#define X(name) operation_function operation_##name;
OPERATIONS(X)
#undef X

extern operation_function *const operation_functions[OPERATION_COUNT];
/* Whether it changes the document. */
bool operation_changes(enum operation operation);

#endif
