/* cli/bill_table: bills for a person; every column adds up in cents. */
#include "support/unit.h"

#include "cli/bill_table.h"
#include "period/bills.h"
#include "support/avro_random.h"
#include "support/fixtures.h"

static struct bill_line bill_of(uint32_t group, const char *service, const char *cost, const char *billable)
{
    struct bill_line line = { .group = group, .service = text_of(service), .usage_events = 3, .period = 2026 * 12 + 5 };
    line.cost = sum_from(cost, COST_SCALE);
    line.billable_cost = sum_from(billable, AMOUNT_SCALE);
    line.margin = margin_of(&line.cost, &line.billable_cost);
    return line;
}

static const char *table_of(struct bill_line *bills, size_t count, const struct conductor *conductor)
{
    static char *text;
    size_t size;
    free(text);
    FILE *out = open_memstream(&text, &size);
    struct price_run_result result = { .bills = bills, .bill_count = count };
    bill_table_print(out, &result, conductor);
    fclose(out);
    return text;
}

static void name_groups(struct document_fixture *fixture)
{
    document_fixture_init(fixture);
    fixture->groups[0].name = TEXT("Retail");
    fixture->groups[1].name = TEXT("Platform");
}

/* The line that begins with a name, blanks squeezed. */
static const char *line_of(const char *table, const char *name)
{
    static char line[256];
    const char *at = strstr(table, name);
    size_t size = 0;
    if (!at)
        fail_msg("no line %s in %s", name, table);
    for (; *at != '\n' && size < sizeof line - 1; at++)
        if (*at != ' ' || line[size - 1] != ' ')
            line[size++] = *at;
    line[size] = '\0';
    return line;
}

static void a_group_shows_its_services_and_then_its_total(void **state)
{
    (void)state;
    struct document_fixture fixture;
    name_groups(&fixture);
    struct bill_line bills[] = {
        bill_of(0, "", "1234.5", "1000"),          bill_of(0, "AmazonEC2", "1234.5", "900"),
        bill_of(0, "AmazonS3", "0", "100"),        bill_of(1, "", "-3.005", "0"),
        bill_of(1, "Fee", "-3.005", "0"),          bill_of(GROUP_NONE, "", "0", "7"),
        bill_of(GROUP_NONE, "AmazonS3", "0", "7"),
    };
    bills[0].tax = sum_from("12.34567", AMOUNT_SCALE);
    bills[0].has_margin_percentage = true;
    bills[0].margin_percentage = sum_from("18.9955447550", PERCENT_SCALE);
    const char *table = table_of(bills, ARRAY_COUNT(bills), &fixture.conductor);
    assert_non_null(strstr(table, "Retail (111111111111), 2026-06, USD"));
    assert_non_null(strstr(table, "Platform (222222222222), 2026-06, USD"));
    assert_non_null(strstr(table, "In no billing group, 2026-06, USD"));
    assert_non_null(strstr(table, "12.34567"));
    assert_string_equal(line_of(table, "AmazonEC2"), "AmazonEC2 3 1,234.50 900.00 334.50 -");
    assert_string_equal(line_of(table, "AmazonS3"), "AmazonS3 3 0.00 100.00 -100.00 -");
    assert_string_equal(line_of(table, "Total"), "Total 3 1,234.50 1,000.00 234.50 19.00 %");
    assert_string_equal(line_of(table, "Fee"), "Fee 3 -3.00 0.00 -3.00 -"); /* half to even */
    assert_true(strstr(table, "AmazonEC2") < strstr(table, "Total"));
    document_fixture_done(&fixture);
}

/* Sums a column of cents over lines between a heading and its total; the total's own figure goes to *total. */
static long long column_sum(const char *table, int column, long long *total)
{
    long long sum = 0;
    char copy[65536];
    snprintf(copy, sizeof copy, "%s", table);
    char *rest = strstr(copy, "Margin %") + strlen("Margin %");
    for (char *line = strtok(rest, "\n"); line; line = strtok(NULL, "\n")) {
        char figures[3][64], name[64];
        unsigned long long events;
        assert_int_equal(sscanf(line, " %63s %llu %63s %63s %63s", name, &events, figures[0], figures[1], figures[2]), 5);
        long long cents = 0;
        for (const char *at = figures[column]; *at; at++)
            if (*at >= '0' && *at <= '9')
                cents = cents * 10 + (*at - '0');
        cents = figures[column][0] == '-' ? -cents : cents;
        if (strcmp(name, "Total") == 0) {
            *total = cents;
            return sum;
        }
        sum += cents;
    }
    fail_msg("no total");
    return 0;
}

static void every_column_adds_up_to_its_total(void **state)
{
    (void)state;
    struct document_fixture fixture;
    name_groups(&fixture);
    random_state = 8;
    for (int round = 0; round < 200; round++) {
        static char names[30][16];
        struct bill_line bills[30] = { { .group = 0, .period = 2026 * 12 + 5 } };
        size_t count = 2 + random_below(28);
        for (size_t i = 1; i < count; i++) {
            snprintf(names[i], sizeof names[i], "service%zu", i);
            bills[i] = (struct bill_line){ .group = 0, .service = text_of(names[i]), .period = 2026 * 12 + 5 };
            bills[i].cost =
                sum_of((i128)(random_word() >> random_below(40)) * (i128)1000000000000000 * (random_below(4) ? 1 : -1));
            bills[i].billable_cost = sum_of((i128)(random_word() >> random_below(40)) * (i128)100000000000);
            bills[i].margin = margin_of(&bills[i].cost, &bills[i].billable_cost);
            sum_add_sum(&bills[0].cost, &bills[i].cost);
            sum_add_sum(&bills[0].margin, &bills[i].margin);
            sum_add_sum(&bills[0].billable_cost, &bills[i].billable_cost);
        }
        const char *table = table_of(bills, count, &fixture.conductor);
        for (int column = 0; column < 3; column++) {
            long long total = 0, sum = column_sum(table, column, &total);
            if (sum != total)
                fail_msg("round %d, column %d: %lld, total %lld\n%s", round, column, sum, total, table);
        }
    }
    document_fixture_done(&fixture);
}

static void a_comparison_shows_each_group_under_both_documents_exactly(void **state)
{
    (void)state;
    struct document_fixture a, b;
    name_groups(&a);
    name_groups(&b);
    b.groups[0].id = TEXT("333333333333"); /* B has another group in A's first place */
    b.groups[0].name = TEXT("New");
    struct bill_line under_a[] = { bill_of(0, "", "10", "1"), bill_of(0, "AmazonEC2", "10", "1"),
                                   bill_of(1, "", "1.5", "1") };
    struct bill_line under_b[] = { bill_of(0, "", "4", "1"), bill_of(1, "", "1.500000000000000000000001", "1"),
                                   bill_of(GROUP_NONE, "", "0", "1") };
    const struct price_run_result result_a = { .bills = under_a, .bill_count = 3 },
                                  result_b = { .bills = under_b, .bill_count = 3 };
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    comparison_print(out, &result_a, &a.conductor, &result_b, &b.conductor);
    fclose(out);
    assert_string_equal(line_of(text, "Retail"), "Retail 111111111111 2026-06 10 0 -10");
    assert_string_equal(line_of(text, "Platform"),
                        "Platform 222222222222 2026-06 1.5 1.500000000000000000000001 0.000000000000000000000001");
    assert_string_equal(line_of(text, "New"), "New 333333333333 2026-06 0 4 4");
    assert_null(strstr(text, "AmazonEC2"));
    free(text);
    document_fixture_done(&a);
    document_fixture_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_shows_its_services_and_then_its_total),
        cmocka_unit_test(every_column_adds_up_to_its_total),
        cmocka_unit_test(a_comparison_shows_each_group_under_both_documents_exactly),
    };
    return cmocka_run_group_tests_name("cli/bill_table", tests, NULL, NULL);
}
