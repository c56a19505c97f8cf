/* model/record.c: records that own what they speak of. */
#include "model/record.h"

static size_t texts_size(const void *record, const struct record_type *type)
{
    size_t size = 0;
    for (uint64_t left = *(const uint64_t *)record; left; left &= left - 1) {
        const struct field *field = &type->fields[__builtin_ctzll(left)];
        const void *member = record_member_const(record, field);
        if (field->kind == FIELD_TEXT)
            size += ((const struct text *)member)->size;
        const struct tags *tags = field->kind == FIELD_TAGS ? member : NULL;
        for (size_t i = 0; tags && i < tags->count; i++)
            size += tags->items[i].key.size + tags->items[i].value.size;
    }
    return size;
}

static char *move_text(struct text *text, char *to)
{
    if (text->size)
        memcpy(to, text->data, text->size);
    text->data = to;
    return to + text->size;
}

static char *move_tags(struct tags *tags, struct arena *arena, char *to)
{
    struct tag *items = arena_take(arena, tags->count * sizeof *items, _Alignof(struct tag));
    for (size_t i = 0; i < tags->count; i++) {
        items[i] = tags->items[i];
        to = move_text(&items[i].value, move_text(&items[i].key, to));
    }
    tags->items = items;
    return to;
}

void record_own_texts(void *record, const struct record_type *type, struct arena *arena)
{
    char *to = arena_take(arena, texts_size(record, type), 1);
    for (uint64_t left = *(const uint64_t *)record; left; left &= left - 1) {
        const struct field *field = &type->fields[__builtin_ctzll(left)];
        void *member = record_member(record, field);
        if (field->kind == FIELD_TEXT)
            to = move_text(member, to);
        else if (field->kind == FIELD_TAGS)
            to = move_tags(member, arena, to);
    }
}
