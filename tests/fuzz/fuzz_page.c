/*
 * fuzz_page: any bytes as a page of rows. A page is refused, or its rows can be walked, compared and written again, and the
 * page that is written reads back to the same rows.
 */
#include "store/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PERIOD (2026 * 12 + 5)
#define BUCKET_MS INT64_C(1780272000000)

static bool same_sum(const struct sum *a, const struct sum *b)
{
    return a->low == b->low && a->high == b->high && a->wraps == b->wraps;
}

static void check_same(const struct page *page, const struct page *again)
{
    CHECK(again->row_count == page->row_count);
    for (size_t i = 0; i < page->row_count; i++) {
        const struct row_view *a = &page->rows[i], *b = &again->rows[i];
        CHECK(row_view_compare(a, b) == 0 && text_equal(a->description, b->description));
        CHECK(a->values.usage_events == b->values.usage_events && a->values.usage_end_ms == b->values.usage_end_ms);
        CHECK(a->values.has_amount == b->values.has_amount && same_sum(&a->values.amount, &b->values.amount));
        for (size_t c = 0; c < CARRIED_COUNT; c++)
            CHECK(same_sum(&a->values.costs[c], &b->values.costs[c]));
        CHECK(text_equal(page->extras[i], again->extras[i]));
    }
}

static void check_again(const struct page *page)
{
    static struct page again;
    struct page_writer writer = { 0 };
    struct error error;
    for (size_t i = 0; i < page->row_count; i++)
        page_add_with(&writer, &page->rows[i], page->extras[i]);
    CHECK(page_read(&again, PERIOD, BUCKET_MS, page_value(&writer), &error));
    check_same(page, &again);
    page_writer_done(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct page page;
    struct error error;
    if (page_read(&page, PERIOD, BUCKET_MS, (struct text){ (const char *)data, size }, &error))
        check_again(&page);
    else
        CHECK(page.row_count <= PAGE_ROWS_MAX);
    return 0;
}
