/* model/correction: what an event's id says of a correction. */
#include "model/correction.h"
#include "support/unit.h"

static void a_correction_says_what_it_was_made_of(void **state)
{
    (void)state;
    static const struct {
        struct correction correction;
        const char *text;
    } rows[] = {
        { { .events = 0 }, "proforma/correction/0/" },
        { { .events = -2, .anew = true }, "proforma/correction/-2,anew/" },
        { { .events = 999999999999, .anew = true, .billed_at_nothing = true, .without_amount = true },
          "proforma/correction/999999999999,anew,free,without-amount/" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char text[CORRECTION_TEXT_MAX + 1];
        struct correction read;
        size_t size = correction_print(&rows[i].correction, text);
        expect_text("id", (struct text){ text, size }, rows[i].text);
        text[size] = 'x'; /* what makes it an id of its own */
        correction_read((struct text){ text, size + 1 }, &read);
        assert_true(read.is_one);
        assert_int_equal(read.events, rows[i].correction.events);
        assert_int_equal(read.anew, rows[i].correction.anew);
        assert_int_equal(read.billed_at_nothing, rows[i].correction.billed_at_nothing);
        assert_int_equal(read.without_amount, rows[i].correction.without_amount);
    }
}

static void any_other_id_is_an_event_s(void **state)
{
    (void)state;
    static const char *const ids[] = { "",
                                       "abc",
                                       "proforma/correction",
                                       "proforma/correction/",
                                       "proforma/correction//x",
                                       "proforma/correction/anew/x",
                                       "proforma/correction/1.5/x",
                                       "proforma/correction/1,new/x",
                                       "proforma/correction/1000000000000/x",
                                       "proforma/correction/-1000000000000/x",
                                       "Proforma/correction/1/x" };
    for (size_t i = 0; i < ARRAY_COUNT(ids); i++) {
        struct correction read;
        correction_read(text_of(ids[i]), &read);
        if (read.is_one || read.events != 0 || read.anew)
            fail_msg("'%s' is read as a correction", ids[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_correction_says_what_it_was_made_of),
        cmocka_unit_test(any_other_id_is_an_event_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
