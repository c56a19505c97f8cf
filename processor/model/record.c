/* model/record.c: records that own what they speak of. */
#include "model/record.h"

static void copy_tags(struct tags *tags, struct arena *arena)
{
    struct tag *items = arena_take(arena, tags->count * sizeof *items, _Alignof(struct tag));
    for (size_t i = 0; i < tags->count; i++)
        items[i] = (struct tag){ arena_copy(arena, tags->items[i].key), arena_copy(arena, tags->items[i].value) };
    tags->items = items;
}

void record_own_texts(void *record, const struct record_type *type, struct arena *arena)
{
    for (uint64_t left = *(const uint64_t *)record; left; left &= left - 1) {
        const struct field *field = &type->fields[__builtin_ctzll(left)];
        void *member = record_member(record, field);
        if (field->kind == FIELD_TEXT)
            *(struct text *)member = arena_copy(arena, *(const struct text *)member);
        else if (field->kind == FIELD_TAGS)
            copy_tags(member, arena);
    }
}
