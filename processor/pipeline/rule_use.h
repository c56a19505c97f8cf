/*
 * pipeline/rule_use.h: which pricing rules priced something, and what those that did not were probably meant for: AWS's
 * names are case sensitive, and a rule for "amazonec2" matches nothing in silence.
 */
#ifndef PIPELINE_RULE_USE_H
#define PIPELINE_RULE_USE_H

#include "base/intern.h"
#include "model/line_item.h"
#include "rate/price.h"

/* Names, found again whatever their case. */
struct name_set {
    struct intern names, lower;
    uint32_t *spelled; /* by number in `lower`: the first of `names` */
    size_t spelled_capacity;
    struct buffer scratch;
};

void name_set_add(struct name_set *set, struct text name);
bool name_set_has(const struct name_set *set, struct text name);
/* The name that differs in nothing but case; empty: there is none. Valid until the set is done. */
struct text name_set_like(struct name_set *set, struct text name);
void name_set_done(struct name_set *set);

struct rule_use {
    const struct conductor *conductor;
    bool *matched; /* by rule */
    struct name_set services;
    struct text last_product, last_code;
};

/* A rule of a group's plan that priced no usage. */
struct unmatched_rule {
    uint32_t rule;
    struct text like; /* the service that its own differs from in case alone; empty: none */
};

void rule_use_begin(struct rule_use *use, const struct conductor *conductor);
void rule_use_note(struct rule_use *use, const struct line_item *item, const struct price *price);
/* Rules in the order of the document, in `arena`. A free-tier switch for a service counts by whether the service came. */
struct unmatched_rule *rule_use_unmatched(struct rule_use *use, struct arena *arena, size_t *ret_count);
void rule_use_done(struct rule_use *use);

#endif
