/*
 * documents/json_walk.h: visits chosen parts of one JSON document of any size, in bounded memory.
 *
 * Only one member or element of a chosen container is held at a time; the rest is checked for syntax and dropped.
 * Numbers arrive as strings of decimal text (codec/json_text.h). Thread: one.
 */
#ifndef DOCUMENTS_JSON_WALK_H
#define DOCUMENTS_JSON_WALK_H

#include <jansson.h>

#include "codec/input.h"

#define JSON_TARGETS_MAX 32

enum json_target_kind {
    JSON_WHOLE,    /* the value itself */
    JSON_ELEMENTS, /* each element of an array */
    JSON_MEMBERS,  /* each member of an object */
};

/* A path is "/terms/OnDemand": names of nested members from the top-level object down; "": elements of a top-level array. */
struct json_target {
    const char *path;
    enum json_target_kind kind;
};

struct json_item {
    size_t target;     /* position in the list of targets */
    struct text name;  /* of a member, unescaped */
    size_t index;      /* of an element or member in its container */
    json_t *value;     /* NULL: what is at the path is no such container */
    const char *found; /* then: "a string" and so on */
};

/* Borrows the item for the call. Returning false stops the walk; *error is then its own. */
typedef bool json_walk_visit(void *context, const struct json_item *item, struct error *error);

/*
 * Walks the whole document. A target that is missing or null is not visited; one that comes twice is an error.
 * ret_seen may be NULL; else it has a flag per target, set where its path is in the document.
 * Fails: ERROR_INVALID with file, line, column and byte for whatever is no JSON document, is cut off, has a value of
 * more than 16 MiB or more than 128 levels; ERROR_FAILED if the system could not read.
 */
MUST_USE bool json_walk(struct input *input, const struct json_target *targets, size_t target_count, json_walk_visit *visit,
                        void *context, bool *ret_seen, struct error *error);

/*
 * The same for several documents behind one another, as pages of replies are saved; each may also be an array where a
 * target's path is "". *ret_documents is their number; seen are targets of any of them.
 */
MUST_USE bool json_walk_all(struct input *input, const struct json_target *targets, size_t target_count,
                            json_walk_visit *visit, void *context, size_t *ret_documents, bool *ret_seen,
                            struct error *error);

#endif
