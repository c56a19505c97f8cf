/*
 * codec/cur_tags.h: tags of a CUR row in all their spellings (SEMANTICS 6): a column a tag (`resourceTags/user:team`,
 * Athena's `resource_tags_user_team`) or a map (`resource_tags`, `cost_category`, `tags`) as JSON, `{k=v, …}` or null. Cost
 * categories and account tags are tags under their own prefix: `costCategory/…`, `accountTag/…`.
 */
#ifndef CODEC_CUR_TAGS_H
#define CODEC_CUR_TAGS_H

#include "base/buffer.h"
#include "base/memory.h"
#include "model/usage_event.h"

enum cur_tag_kind { CUR_TAG_NONE, CUR_TAG_COLUMN, CUR_TAG_MAP };

/* What a heading means: a column of one tag with its key, or a map whose keys get a prefix. */
struct cur_tag_column {
    enum cur_tag_kind kind;
    struct text text; /* COLUMN: the key; MAP: the prefix of its keys, empty: none */
    bool is_mixed;    /* a map whose keys name their kind themselves */
};

/* A key is copied to `names`. */
struct cur_tag_column cur_tag_column_of(struct text heading, struct arena *names);

/* The tags of a row while it is read. Items and what they point to are the caller's arena's or borrowed for the row. */
struct cur_tags {
    struct tag *items;
    size_t count, capacity;
    size_t maps; /* that gave any */
    struct buffer scratch;
};

void cur_tags_begin(struct cur_tags *tags);
void cur_tags_add(struct cur_tags *tags, struct text key, struct text value);
/* Refuses BAD_FIELD: no map. New texts go to `arena`. */
MUST_USE bool cur_tags_add_map(struct cur_tags *tags, const struct cur_tag_column *column, struct text map,
                               struct arena *arena, struct refusal *refusal);
/* Sets the event's tags. The same tag from two columns is one; with two values it is refused. */
MUST_USE bool cur_tags_set(struct cur_tags *tags, struct usage_event *event, struct arena *arena, struct refusal *refusal);
void cur_tags_done(struct cur_tags *tags);

/* Whether a cell is what exports write for no value: null, NULL, \N. */
bool cur_is_null(struct text cell);

#endif
