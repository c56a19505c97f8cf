/* settings/property_name.c: finding a property by its name, or by nearly its name. */
#include "settings/property.h"

/* No name is longer, and neither is what is worth comparing with one. */
#define NAME_BYTES_MAX 64

const struct property *property_find(struct text name)
{
    for (size_t i = 0; i < property_count; i++)
        if (text_equal(name, text_of(properties[i].name)))
            return &properties[i];
    return NULL;
}

size_t property_index(const struct property *property)
{
    return (size_t)(property - properties);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to add, drop or change (Levenshtein). Both at most NAME_BYTES_MAX. */
static size_t distance(struct text a, struct text b)
{
    size_t row[NAME_BYTES_MAX + 1];
    for (size_t j = 0; j <= b.size; j++)
        row[j] = j;
    for (size_t i = 0; i < a.size; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.size; j++) {
            size_t changed = diagonal + (a.data[i] != b.data[j]);
            diagonal = row[j + 1];
            row[j + 1] = least(changed, 1 + least(row[j], row[j + 1]));
        }
    }
    return row[b.size];
}

/* A librdkafka property without its "kafka." is a common slip and as near as one with it. */
static size_t distance_of_property(struct text name, struct text known)
{
    CHECK(known.size <= NAME_BYTES_MAX);
    size_t found = distance(name, known);
    if (text_starts_with(known, TEXT("kafka.")))
        found = least(found, distance(name, (struct text){ known.data + 6, known.size - 6 }));
    return found;
}

const struct property *property_nearest(struct text name)
{
    const struct property *nearest = NULL;
    size_t best = 1 + least(name.size / 3, 6);
    if (name.size == 0 || name.size > NAME_BYTES_MAX)
        return NULL;
    for (size_t i = 0; i < property_count; i++) {
        size_t found = distance_of_property(name, text_of(properties[i].name));
        if (found >= best)
            continue;
        best = found;
        nearest = &properties[i];
    }
    return nearest;
}
