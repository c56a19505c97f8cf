/* pipeline/deliveries: which reports of one run are one delivery. */
#include "support/unit.h"

#include "pipeline/deliveries.h"
#include "support/fixtures.h"

/* A report with rows first..last, each an hour. */
struct input_file {
    const char *assembly;
    uint64_t heading;
    bool is_cur2;
    int first, last;
};

static const char *judge(const struct input_file *files, size_t count)
{
    static struct error error;
    struct deliveries *deliveries = deliveries_new();
    bool done = true;
    error = (struct error){ 0 };
    for (size_t i = 0; i < count && done; i++) {
        struct usage_report report = { .name = i % 2 ? "odd.csv" : "even.csv",
                                       .number = i,
                                       .heading = files[i].heading,
                                       .assembly = text_of(files[i].assembly),
                                       .is_legacy = !files[i].is_cur2 };
        for (int row = files[i].first; row <= files[i].last && done; row++) {
            struct usage_event event = event_with(.payer_account_id = "100000000001");
            event.usage_start = INT64_C(1780272000000) + row * INT64_C(1000);
            done = deliveries_take(deliveries, &report, &event, &error);
        }
    }
    done = done && deliveries_end(deliveries, &error);
    deliveries_free(deliveries);
    return done ? "" : error.message;
}

static void deliveries_are_told_from_chunks(void **state)
{
    (void)state;
    static const struct {
        struct input_file files[3];
        size_t count;
        const char *named; /* empty: one delivery */
    } rows[] = {
        { { { "", 1, false, 0, 9 } }, 1, "" },
        { { { "", 1, false, 0, 9 }, { "", 1, false, 10, 19 } }, 2, "" },
        { { { "", 1, false, 0, 9 }, { "", 1, false, 6, 15 } }, 2, "" },
        { { { "", 1, false, 0, 9 }, { "", 1, false, 5, 14 } }, 2, "same rows" },
        { { { "", 1, false, 0, 0 }, { "", 1, false, 0, 0 } }, 2, "same rows" },
        { { { "", 1, false, 0, 999 }, { "", 1, false, 0, 9 } }, 2, "same rows" },
        { { { "", 1, false, 0, 9 }, { "", 1, false, 10, 19 }, { "", 1, false, 0, 19 } }, 3, "same rows" },
        { { { "", 1, false, 0, 9 }, { "", 2, false, 10, 19 } }, 2, "different columns" },
        { { { "", 1, false, 0, 9 }, { "", 1, true, 10, 19 } }, 2, "two styles" },
        { { { "A", 1, false, 0, 9 }, { "A", 2, true, 0, 9 } }, 2, "" },
        { { { "A", 1, false, 0, 9 }, { "B", 1, false, 10, 19 } }, 2, "assemblies A and B" },
        { { { "A", 1, false, 0, 9 }, { "", 1, false, 10, 19 } }, 2, "" },
        { { { "A", 1, false, 0, 9 }, { "", 1, false, 0, 9 } }, 2, "same rows" },
        { { { "", 1, false, 0, 399999 }, { "", 1, false, 100000, 499999 } }, 2, "same rows" },
        { { { "", 1, false, 0, 399999 }, { "", 1, false, 400000, 799999 } }, 2, "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *found = judge(rows[i].files, rows[i].count);
        bool named = rows[i].named[0] ? strstr(found, rows[i].named) && strstr(found, "2026-06 of payer 100000000001")
                                      : found[0] == '\0';
        if (!named)
            fail_msg("row %zu: %s", i, found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deliveries_are_told_from_chunks),
    };
    return cmocka_run_group_tests_name("pipeline/deliveries", tests, NULL, NULL);
}
