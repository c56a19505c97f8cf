/*
 * fuzz_page: any bytes as a page of the state store, one account's and a leaf's. A page is refused, or its rows can be
 * walked, compared and written again, and the page that is written reads back to the same rows.
 */
#include "store/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct row_view first = { .period = 2026 * 12 + 5,
                                       .bucket_ms = INT64_C(1780272000000),
                                       .account = 200000000011 };

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

/* `of_any_account`: it is a leaf's. */
static bool read_page(struct page *page, bool of_any_account, struct text value)
{
    struct buffer key = { 0 };
    struct error error;
    page_key(&key, &first, true, 7);
    bool read = of_any_account ? page_read_bucket(page, first.period, first.bucket_ms, value, &error)
                               : page_read(page, buffer_text(&key), value, &error);
    buffer_done(&key);
    return read;
}

static void check_again(const struct page *page, bool of_any_account)
{
    static struct page again;
    struct page_writer writer = { .of_any_account = of_any_account };
    for (size_t i = 0; i < page->row_count; i++) {
        CHECK(of_any_account || page->rows[i].account == first.account);
        page_add_with(&writer, &page->rows[i], page->extras[i]);
    }
    CHECK(read_page(&again, of_any_account, page_value(&writer)));
    check_same(page, &again);
    page_writer_done(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct page page;
    struct text bytes = { (const char *)data, size };
    struct error error;
    for (int of_any_account = 0; of_any_account < 2; of_any_account++)
        if (read_page(&page, of_any_account, bytes))
            check_again(&page, of_any_account);
        else
            CHECK(page.row_count <= PAGE_ROWS_MAX);
    bool ignored = page_read(&page, bytes, bytes, &error); /* the bytes as a key too */
    (void)ignored;
    return 0;
}
