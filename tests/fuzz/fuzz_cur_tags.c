/* Any bytes as the map of tags of a row: refused, or tags that are sorted, whole and each once. */
#include "codec/cur_tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const headings[] = { "resource_tags", "cost_category", "tags" };
    struct arena arena = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(headings); i++) {
        struct cur_tag_column column = cur_tag_column_of(text_of(headings[i]), &arena);
        struct cur_tags tags = { 0 };
        struct usage_event event = { 0 };
        struct refusal refusal = { 0 };
        cur_tags_begin(&tags);
        if (cur_tags_add_map(&tags, &column, (struct text){ (const char *)data, size }, &arena, &refusal) &&
            cur_tags_set(&tags, &event, &arena, &refusal)) {
            for (size_t t = 0; t < event.tags.count; t++) {
                CHECK(event.tags.items[t].key.size > 0 && event.tags.items[t].value.size > 0);
                CHECK(t == 0 || text_compare(event.tags.items[t - 1].key, event.tags.items[t].key) < 0);
            }
        } else {
            CHECK(refusal.reason > REFUSAL_NONE && refusal.reason < REFUSAL_REASON_COUNT);
        }
        cur_tags_done(&tags);
    }
    arena_done(&arena);
    return 0;
}
