/* aggregate/row_order: canonical order by ranks, however many bits they take. */
#include "support/unit.h"

#include "aggregate/row_order.h"
#include "support/avro_random.h"

static int compare(const struct row_rank *a, const struct row_rank *b)
{
    for (size_t i = 0; i < RANK_COUNT; i++)
        if (a->parts[i] != b->parts[i])
            return a->parts[i] < b->parts[i] ? -1 : 1;
    return 0;
}

static void rows_stand_by_their_ranks(void **state)
{
    (void)state;
    /* Bits of each part: none at all, a few, just a word, more than a word. */
    static const unsigned bits[][RANK_COUNT] = { { 1, 1, 1, 1, 9 },      { 2, 10, 3, 12, 5 },    { 0, 0, 0, 0, 32 },
                                                 { 12, 12, 12, 14, 14 }, { 12, 12, 12, 14, 15 }, { 32, 32, 32, 32, 32 } };
    random_state = 5;
    for (size_t i = 0; i < ARRAY_COUNT(bits); i++) {
        for (size_t count = 0; count < 3000; count = count * 3 + 1) {
            struct row_rank *ranks = memory_new_array(count, sizeof *ranks), *kept = memory_new_array(count, sizeof *ranks);
            for (size_t r = 0; r < count; r++) {
                for (size_t part = 0; part < RANK_COUNT; part++)
                    ranks[r].parts[part] = 7u * (bits[i][part] < 30) + (uint32_t)random_below((uint64_t)1 << bits[i][part]);
                ranks[r].handle = (uint32_t)r;
                kept[r] = ranks[r];
            }
            uint32_t *handles = row_order_make(ranks, count);
            for (size_t r = 1; r < count; r++)
                assert_true(compare(&kept[handles[r - 1]], &kept[handles[r]]) <= 0);
            bool *seen = memory_new_array(count, sizeof *seen);
            for (size_t r = 0; r < count; r++) {
                assert_false(seen[handles[r]]);
                seen[handles[r]] = true;
            }
            free(seen);
            free(handles);
            free(ranks);
            free(kept);
        }
    }
}

static void texts_are_ranked_in_byte_order(void **state)
{
    (void)state;
    static const char *const prefixes[] = { "", "a", "arn:aws:ec2:eu-west-1:123456789012:" };
    random_state = 6;
    for (int round = 0; round < 60; round++) {
        struct intern intern = { 0 };
        size_t count = random_below(200);
        for (size_t i = 0; i < count; i++) {
            char bytes[64];
            size_t size = strlen(prefixes[round % 3]), more = random_below(12);
            memcpy(bytes, prefixes[round % 3], size);
            for (size_t end = size + more; size < end; size++)
                bytes[size] = "\0ab\xff"[random_below(4)];
            intern_add(&intern, (struct text){ bytes, size });
        }
        uint32_t *ranks = row_order_rank_texts(&intern);
        for (uint32_t a = 0; a < intern.count; a++)
            for (uint32_t b = 0; b < intern.count; b++)
                assert_int_equal(ranks[a] < ranks[b], text_compare(intern_text(&intern, a), intern_text(&intern, b)) < 0);
        free(ranks);
        intern_done(&intern);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_stand_by_their_ranks),
        cmocka_unit_test(texts_are_ranked_in_byte_order),
    };
    return cmocka_run_group_tests_name("aggregate/row_order", tests, NULL, NULL);
}
