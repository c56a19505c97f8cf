/*
 * documents/json_node.h: a parsed JSON value together with its place, read member by member with its type checked.
 *
 * A value of the wrong type is a problem (FIELD_VALIDATION_FAILED) and then counts as absent; null is absent. Nodes
 * borrow the value and point to their parents: they live on the stack of the function that reads the document.
 * Numbers are strings of decimal text (codec/json_text.h), so a number in quotes is accepted too.
 */
#ifndef DOCUMENTS_JSON_NODE_H
#define DOCUMENTS_JSON_NODE_H

#include <jansson.h>

#include "documents/problem.h"
#include "money/decimal.h"

struct node {
    struct place place;
    json_t *value; /* NULL: absent */
    struct problems *problems;
};

struct node node_member(const struct node *object, const char *name);
struct node node_element(const struct node *array, size_t index);

static inline bool node_is_present(const struct node *node)
{
    return node->value != NULL;
}

/* True for an object. Anything else that is present is a problem. */
bool node_is_object(const struct node *node);
/* Elements of an array; 0 if absent. Anything else is a problem. */
size_t node_count(const struct node *node);
/* False: absent, or a problem. *ret is borrowed; no text holds a zero byte. */
bool node_text(const struct node *node, struct text *ret);
bool node_bool(const struct node *node, bool *ret);

/* How a number must be; what breaks it is reported under `reason`, what is no number as FIELD_VALIDATION_FAILED. */
struct number_rule {
    enum decimal_scale scale; /* most decimals */
    i128 min, max;            /* at this scale */
    enum problem_reason reason;
    const char *expected;
};
bool node_decimal(const struct node *node, const struct number_rule *rule, i128 *ret);

/* A problem of this node; the value shown is its text, or its JSON if it is no text. */
void node_problem(const struct node *node, enum problem_reason reason, const char *expected);

/* True for 12 digits; else a problem under `reason`. *ret is the number. */
bool node_account(const struct node *node, enum problem_reason reason, uint64_t *ret);

/* The position of the node's text in a list of names; -1 if absent; -1 and a problem under `reason` if not in it. */
int node_choice(const struct node *node, const char *const *names, size_t count, enum problem_reason reason);

/* What a text may hold: up to `max` characters of a class; what breaks it is a problem under `reason`. */
enum text_class {
    TEXT_ANY,
    TEXT_NAME,         /* [a-zA-Z0-9_+=.\-@] */
    TEXT_ALPHANUMERIC, /* [a-zA-Z0-9] */
    TEXT_ENTITY,       /* [a-zA-Z0-9() ] */
    TEXT_NO_SPACE,     /* \S */
};
bool text_is_class(struct text text, enum text_class class);
bool node_text_of(const struct node *node, enum text_class class, size_t min, size_t max, enum problem_reason reason,
                  struct text *ret);

#endif
