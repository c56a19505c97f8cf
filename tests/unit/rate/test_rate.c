/* rate/rate: what a row costs. Worked examples are priced by hand; a slice reads "tier quantity public_cost cost". */
#include "rate/rate.h"
#include "support/fixtures.h"
#include "support/unit.h"

#define TRANSFER "0 0.09, 10240 0.085, 51200 0.07, 153600 0.05"
#define STORAGE "0 0.023, 51200 0.022, 512000 0.021"
#define LAMBDA "0 0, 1000000 0.0000002"

/* A price of a rate: by the price list, or by custom tiers over it. */
struct rate_case {
    const char *why;
    const char *list, *custom; /* schedules; NULL: none */
    const char *modifier;      /* percent */
    bool free_tier_off;
    const char *position, *amount;
    const char *expected;
};

static struct price price_of(const struct rate_case *row, struct schedule *published, struct schedule *custom,
                             struct arena *arena)
{
    struct price price = { .status = STATUS_CHARGED,
                           .kind = PRICE_RATE,
                           .rule = RULE_NONE,
                           .entry = ENTRY_NONE,
                           .free_tier = !row->free_tier_off,
                           .in_sums = true };
    if (row->list) {
        *published = schedule_of(arena, row->list);
        price.published = price.charged = published;
        price.base = BASE_PRICE_LIST;
    }
    if (row->custom) {
        *custom = schedule_of(arena, row->custom);
        price.charged = custom;
        price.base = BASE_CUSTOM_TIERS;
    }
    price.modifier = decimal(row->modifier ? row->modifier : "0", MODIFIER_SCALE);
    return price;
}

static struct row_values values_of(const char *amount)
{
    struct row_values values = { .usage_events = 1, .usage_end_ms = USAGE_END_NONE };
    if (amount) {
        values.has_amount = true;
        sum_add(&values.amount, decimal(amount, QUANTITY_SCALE));
    }
    return values;
}

static void tell(const struct rated_row *rated, struct buffer *found)
{
    buffer_clear(found);
    if (rated->status != STATUS_CHARGED) {
        buffer_append_text(found, line_item_status_text(rated->status));
        buffer_append_byte(found, ' ');
        buffer_append_text(found, unpriced_reason_text(rated->reason));
        return;
    }
    for (uint32_t i = 0; i < rated->slice_count; i++) {
        const struct priced_slice *slice = &rated->slices[i];
        char quantity[DECIMAL_TEXT_MAX], public_cost[DECIMAL_TEXT_MAX], cost[DECIMAL_TEXT_MAX];
        decimal_format(slice->quantity, QUANTITY_SCALE, quantity);
        decimal_format(slice->public_cost, AMOUNT_SCALE, public_cost);
        decimal_format(slice->cost, COST_SCALE, cost);
        buffer_printf(found, "%s%u %s %s %s", i ? ", " : "", slice->tier, slice->has_quantity ? quantity : "-", public_cost,
                      cost);
    }
}

static void check(const struct rate_case *rows, size_t count)
{
    struct arena arena = { 0 };
    struct rater rater = { 0 };
    struct buffer found = { 0 };
    for (size_t i = 0; i < count; i++) {
        struct schedule published, custom;
        struct price price = price_of(&rows[i], &published, &custom, &arena);
        struct row_values values = values_of(rows[i].amount);
        struct sum position = { 0 };
        sum_add(&position, decimal(rows[i].position ? rows[i].position : "0", QUANTITY_SCALE));
        struct rated_row rated;
        rate_row(&rater, &price, &values, &(struct pool_place){ .position = sum_clamped(&position) }, &rated);
        tell(&rated, &found);
        expect_text(rows[i].why, buffer_text(&found), rows[i].expected);
        expect(rows[i].why, rate_fits(&price, &values), rated.status == STATUS_CHARGED);
    }
    buffer_done(&found);
    rater_done(&rater);
    arena_done(&arena);
}

static void rates_are_modified_exactly(void **state)
{
    (void)state;
    static const struct rate_case rows[] = {
        { "no rule", "0 0.0104", NULL, NULL, false, NULL, "730", "0 730 7.592 7.592" },
        { "markup 20", "0 0.0104", NULL, "20", false, NULL, "730", "0 730 7.592 9.1104" },
        { "discount 15", "0 0.0104", NULL, "-15", false, NULL, "730", "0 730 7.592 6.4532" },
        { "a modifier of 0", "0 0.0104", NULL, "0", false, NULL, "730", "0 730 7.592 7.592" },
        { "discount 100", "0 0.0104", NULL, "-100", false, NULL, "730", "0 730 7.592 0" },
        { "markup 250", "0 0.0104", NULL, "250", false, NULL, "100", "0 100 1.04 3.64" },
        { "every decimal", "0 0.0000000001", NULL, "0.01", false, NULL, "0.0000000001",
          "0 0.0000000001 0.00000000000000000001 0.000000000000000000010001" },
        { "a correction", "0 0.0104", NULL, "20", false, NULL, "-730", "0 -730 -7.592 -9.1104" },
        { "nothing used", "0 0.0104", NULL, "20", false, NULL, "0", "0 0 0 0" },
        { "a flat price knows no position", "0 0.0104", NULL, NULL, false, "1000000", "730", "0 730 7.592 7.592" },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void pooled_quantities_run_through_the_tiers(void **state)
{
    (void)state;
    static const struct rate_case rows[] = {
        { "X of T38", STORAGE, NULL, NULL, false, "0", "30000", "1 30000 690 690" },
        { "Y of T38 behind it", STORAGE, NULL, NULL, false, "30000", "40000", "1 21200 487.6 487.6, 2 18800 413.6 413.6" },
        { "600,000", STORAGE, NULL, NULL, false, "0", "600000",
          "1 51200 1177.6 1177.6, 2 460800 10137.6 10137.6, 3 88000 1848 1848" },
        { "with a markup", STORAGE, NULL, "10", false, "51199", "2", "1 1 0.023 0.0253, 2 1 0.022 0.0242" },
        { "taken back", TRANSFER, NULL, NULL, false, "12000", "-5000", "1 -3240 -291.6 -291.6, 2 -1760 -149.6 -149.6" },
        { "below zero", TRANSFER, NULL, NULL, false, "100", "-300", "1 -300 -27 -27" },
        { "nothing used in the second tier", TRANSFER, NULL, NULL, false, "20000", "0", "2 0 0 0" },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void the_free_tier_can_be_off(void **state)
{
    (void)state;
    static const struct rate_case rows[] = {
        { "on", LAMBDA, NULL, NULL, false, "0", "3000000", "1 1000000 0 0, 2 2000000 0.4 0.4" },
        { "off: 0.60, still free in public", LAMBDA, NULL, NULL, true, "0", "3000000",
          "1 1000000 0 0.2, 2 2000000 0.4 0.4" },
        { "on, markup 10", LAMBDA, NULL, "10", false, "0", "3000000", "1 1000000 0 0, 2 2000000 0.4 0.44" },
        { "off, markup 10", LAMBDA, NULL, "10", true, "0", "3000000", "1 1000000 0 0.22, 2 2000000 0.4 0.44" },
        { "off, custom tiers are not touched", LAMBDA, "0 0, 10 1", NULL, true, "0", "20", "1 10 0 0, 2 10 0 10" },
        { "off, all free", "0 0", NULL, NULL, true, "0", "20", "0 20 0 0" },
    };
    check(rows, ARRAY_COUNT(rows));
}

/* public_cost is by the published tiers at the same positions. */
static void custom_tiers_stand_beside_the_published_ones(void **state)
{
    (void)state;
    static const struct rate_case rows[] = {
        { "T42", TRANSFER, "0 0.05, 10240 0.04", NULL, false, "0", "25000", "1 10240 921.6 512, 2 14760 1254.6 590.4" },
        { "other bounds", TRANSFER, "0 0.05, 20000 0.04", NULL, false, "0", "25000", "1 20000 1751.2 1000, 2 5000 425 200" },
        { "taken back", TRANSFER, "0 0.05, 11000 0.04", NULL, false, "12000", "-5000",
          "1 -4000 -356.2 -200, 2 -1000 -85 -40" },
        { "flat over tiers", TRANSFER, "0 0.05", NULL, false, "10000", "1000", "0 1000 86.2 50" },
        { "flat over tiers, taken back", TRANSFER, "0 0.05", NULL, false, "11000", "-1000", "0 -1000 -86.2 -50" },
        { "tiers over flat", "0 0.09", "0 0.05, 10 0.04", NULL, false, "5", "10", "1 5 0.45 0.25, 2 5 0.45 0.2" },
        { "not in the list", NULL, "0 0.05, 10 0.04", NULL, false, "5", "10", "1 5 0 0.25, 2 5 0 0.2" },
    };
    check(rows, ARRAY_COUNT(rows));
}

/* Net quantity at the schedule's highest rate reaches 10^14: wherever the row lands in the pool, its answer is the same. */
static void too_large_is_told_by_the_highest_rate(void **state)
{
    (void)state;
    static const struct rate_case rows[] = {
        { "just below", "0 1", NULL, NULL, false, NULL, "99999999999999.9999999999",
          "0 99999999999999.9999999999 99999999999999.9999999999 99999999999999.9999999999" },
        { "10^14", "0 1", NULL, NULL, false, NULL, "100000000000000", "UNPRICED TOO_LARGE" },
        { "-10^14", "0 1", NULL, NULL, false, NULL, "-100000000000000", "UNPRICED TOO_LARGE" },
        { "by the modifier", "0 1", NULL, "100", false, NULL, "50000000000000", "UNPRICED TOO_LARGE" },
        { "small by the modifier", "0 1", NULL, "-50", false, NULL, "199999999999999",
          "0 199999999999999 199999999999999 99999999999999.5" },
        { "the highest rate is not the row's", "0 1, 10 0.1", NULL, NULL, false, "20", "100000000000000",
          "UNPRICED TOO_LARGE" },
        { "the highest rate is the last", "0 0, 1000000000000000 1", NULL, NULL, false, NULL, "100000000000000",
          "UNPRICED TOO_LARGE" },
        { "a rate of 0", "0 0", NULL, NULL, false, NULL, "9999999999999999999999999999",
          "0 9999999999999999999999999999 0 0" },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void sums_of_amounts_may_be_too_large_themselves(void **state)
{
    (void)state;
    struct rate_case row = { "", "0 0", NULL, NULL, false, NULL, "9999999999999999999999999999", "" };
    struct arena arena = { 0 };
    struct rater rater = { 0 };
    struct schedule published, custom;
    struct price price = price_of(&row, &published, &custom, &arena);
    struct row_values values = values_of(row.amount);
    struct rated_row rated;
    sum_add_sum(&values.amount, &values.amount);
    rate_row(&rater, &price, &values, &(struct pool_place){ 0 }, &rated);
    assert_int_equal(rated.status, STATUS_UNPRICED);
    assert_int_equal(rated.reason, UNPRICED_TOO_LARGE);
    assert_int_equal(rated.slice_count, 1);
    assert_true(rated.slices[0].cost == 0 && rated.slices[0].public_cost == 0);
    rater_done(&rater);
    arena_done(&arena);
}

static void a_pool_beyond_all_numbers_stays_in_its_last_tier(void **state)
{
    (void)state;
    struct rate_case row = { "", TRANSFER, NULL, NULL, false, NULL, "100", "" };
    struct arena arena = { 0 };
    struct rater rater = { 0 };
    struct buffer found = { 0 };
    struct schedule published, custom;
    struct price price = price_of(&row, &published, &custom, &arena);
    struct row_values values = values_of(row.amount);
    struct rated_row rated;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct sum position = { 0 };
        for (int i = 0; i < 10; i++)
            sum_add(&position, sign * (decimal_power(38) - 1));
        rate_row(&rater, &price, &values, &(struct pool_place){ .position = sum_clamped(&position) }, &rated);
        tell(&rated, &found);
        expect_text("position", buffer_text(&found), sign < 0 ? "1 100 9 9" : "4 100 5 5");
    }
    buffer_done(&found);
    rater_done(&rater);
    arena_done(&arena);
}

static void the_public_rate_is_told_where_there_is_one(void **state)
{
    (void)state;
    static const struct {
        struct rate_case row;
        const char *rate, *public_rate; /* of the first slice; "": several published tiers */
    } rows[] = {
        { { "list", TRANSFER, NULL, "20", false, "0", "5", "" }, "0.108", "0.09" },
        { { "list, second tier", TRANSFER, NULL, "20", false, "20000", "5", "" }, "0.102", "0.085" },
        { { "free tier off", LAMBDA, NULL, NULL, true, "0", "5", "" }, "0.0000002", "0" },
        { { "custom over one tier", TRANSFER, "0 0.05", NULL, false, "0", "5", "" }, "0.05", "0.09" },
        { { "custom over two tiers", TRANSFER, "0 0.05", NULL, false, "10239", "5", "" }, "0.05", "" },
        { { "custom alone", NULL, "0 0.05", NULL, false, "0", "5", "" }, "0.05", "" },
    };
    struct arena arena = { 0 };
    struct rater rater = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct rate_case *row = &rows[i].row;
        struct schedule published, custom;
        struct price price = price_of(row, &published, &custom, &arena);
        struct row_values values = values_of(row->amount);
        struct sum position = { 0 };
        struct rated_row rated;
        sum_add(&position, decimal(row->position, QUANTITY_SCALE));
        rate_row(&rater, &price, &values, &(struct pool_place){ .position = sum_clamped(&position) }, &rated);
        assert_true(rated.slices[0].has_rate);
        expect_decimal(row->why, rated.slices[0].rate, PRICED_RATE_SCALE, rows[i].rate);
        expect(row->why, rated.slices[0].has_public_rate, rows[i].public_rate[0] != '\0');
        if (rated.slices[0].has_public_rate)
            expect_decimal(row->why, rated.slices[0].public_rate, RATE_SCALE, rows[i].public_rate);
    }
    rater_done(&rater);
    arena_done(&arena);
}

/* Bases outside the list: own rate × quantity, else own cost, else 0. */
static void own_prices_are_charged_as_they_come(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum price_kind kind;
        enum carried_cost amount;
        const char *own_rate, *public_cost, *unblended, *modifier, *quantity, *expected;
    } rows[] = {
        { "own rate", PRICE_RATE, 0, "0.0104", NULL, NULL, "20", "730", "0 730 7.592 9.1104" },
        { "own rate, own cost beside it", PRICE_RATE, 0, "0.0104", "99", NULL, "0", "730", "0 730 7.592 7.592" },
        { "own cost, marked up", PRICE_AMOUNT, CARRIED_PUBLIC_COST, NULL, "200", "150", "5", "3", "0 3 200 210" },
        { "Marketplace, marked up", PRICE_AMOUNT, CARRIED_UNBLENDED, NULL, NULL, "200", "5", "1", "0 1 0 210" },
        { "kept, its own rate is public", PRICE_AMOUNT, CARRIED_UNBLENDED, "0.5", "7", "1.5", "0", "4", "0 4 2 1.5" },
        { "kept, its own cost is public", PRICE_AMOUNT, CARRIED_UNBLENDED, NULL, "7", "1.5", "0", "4", "0 4 7 1.5" },
        { "a fee without a quantity", PRICE_AMOUNT, CARRIED_UNBLENDED, NULL, NULL, "8.5", "0", NULL, "0 - 0 8.5" },
        { "a negation", PRICE_AMOUNT, CARRIED_UNBLENDED, NULL, NULL, "-8.5", "0", NULL, "0 - 0 -8.5" },
        { "all digits", PRICE_AMOUNT, CARRIED_UNBLENDED, NULL, NULL, "0.00000000000000000001", "0.01", "1",
          "0 1 0 0.000000000000000000010001" },
        { "the largest", PRICE_AMOUNT, CARRIED_UNBLENDED, NULL, NULL, "99999999999999", "0", "1", "0 1 0 99999999999999" },
        { "too large", PRICE_AMOUNT, CARRIED_UNBLENDED, NULL, NULL, "100000000000000", "0", "1", "UNPRICED TOO_LARGE" },
        { "too large by its modifier", PRICE_AMOUNT, CARRIED_UNBLENDED, NULL, NULL, "-50000000000000", "100", "1",
          "UNPRICED TOO_LARGE" },
        { "own rate, too large", PRICE_RATE, 0, "1", NULL, NULL, "0", "100000000000000", "UNPRICED TOO_LARGE" },
        { "own rate, its public cost too large", PRICE_RATE, 0, "0.5", NULL, NULL, "-100", "9999999999999999999999999999",
          "UNPRICED TOO_LARGE" },
    };
    struct rater rater = { 0 };
    struct buffer found = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price price = { .status = STATUS_CHARGED,
                               .kind = rows[i].kind,
                               .amount = rows[i].amount,
                               .base = rows[i].kind == PRICE_RATE ? BASE_PUBLIC_ON_DEMAND_RATE : BASE_UNBLENDED_COST,
                               .modifier = decimal(rows[i].modifier, MODIFIER_SCALE),
                               .free_tier = true,
                               .has_own_rate = rows[i].own_rate != NULL };
        price.own_tier = (struct tier){ 0, TIER_NO_END, rows[i].own_rate ? decimal(rows[i].own_rate, RATE_SCALE) : 0 };
        struct row_values values = values_of(rows[i].quantity);
        if (rows[i].public_cost)
            sum_add(&values.costs[CARRIED_PUBLIC_COST], decimal(rows[i].public_cost, AMOUNT_SCALE));
        if (rows[i].unblended)
            sum_add(&values.costs[CARRIED_UNBLENDED], decimal(rows[i].unblended, AMOUNT_SCALE));
        struct rated_row rated;
        rate_row(&rater, &price, &values, NULL, &rated);
        tell(&rated, &found);
        expect_text(rows[i].why, buffer_text(&found), rows[i].expected);
        if (rows[i].kind == PRICE_RATE)
            expect(rows[i].why, rate_fits(&price, &values), rated.status == STATUS_CHARGED);
    }
    buffer_done(&found);
    rater_done(&rater);
}

/* Custom tiers of a meter that the list does not have carry the events' own public costs. */
static void a_public_cost_may_be_what_is_too_large(void **state)
{
    (void)state;
    static const struct {
        const char *own[2], *expected;
    } rows[] = {
        { { "7", NULL }, "1 10 7 10, 2 5 0 2.5" },
        { { "900000000000000000", "99999999999999999" }, "1 10 999999999999999999 10, 2 5 0 2.5" },
        { { "900000000000000000", "100000000000000000" }, "UNPRICED TOO_LARGE" },
        { { "-900000000000000000", "-900000000000000000" }, "UNPRICED TOO_LARGE" },
    };
    struct arena arena = { 0 };
    struct rater rater = { 0 };
    struct buffer found = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct rate_case row = { "", NULL, "0 1, 10 0.5", NULL, false, NULL, "15", "" };
        struct schedule published, custom;
        struct price price = price_of(&row, &published, &custom, &arena);
        struct row_values values = values_of(row.amount);
        struct rated_row rated;
        for (size_t k = 0; k < 2 && rows[i].own[k]; k++)
            sum_add(&values.costs[CARRIED_PUBLIC_COST], decimal(rows[i].own[k], AMOUNT_SCALE));
        rate_row(&rater, &price, &values, &(struct pool_place){ 0 }, &rated);
        tell(&rated, &found);
        expect_text(rows[i].own[0], buffer_text(&found), rows[i].expected);
        expect(rows[i].own[0], rate_fits(&price, &values), rated.status == STATUS_CHARGED);
    }
    buffer_done(&found);
    rater_done(&rater);
    arena_done(&arena);
}

static void a_row_without_a_price_is_one_slice_of_nothing(void **state)
{
    (void)state;
    static const struct {
        enum line_item_status status;
        enum unpriced_reason reason;
    } rows[] = {
        { STATUS_LEFT_OUT, UNPRICED_NONE },
        { STATUS_UNMONITORED, UNPRICED_NONE },
        { STATUS_UNPRICED, UNPRICED_NO_PRICE },
        { STATUS_UNPRICED, UNPRICED_CURRENCY },
    };
    struct rater rater = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price price = { .status = rows[i].status, .reason = rows[i].reason, .kind = PRICE_NOTHING };
        struct row_values values = values_of("5");
        struct rated_row rated;
        rate_row(&rater, &price, &values, NULL, &rated);
        assert_int_equal(rated.status, rows[i].status);
        assert_int_equal(rated.reason, rows[i].reason);
        assert_int_equal(rated.slice_count, 1);
        assert_int_equal(rated.slices[0].tier, 0);
        assert_true(rated.slices[0].cost == 0 && rated.slices[0].public_cost == 0);
        assert_false(rated.slices[0].has_rate || rated.slices[0].has_public_rate);
    }
    rater_done(&rater);
    rater_done(&rater); /* twice does no harm */
}

static void known_parts_get_the_rate_of_their_tier(void **state)
{
    (void)state;
    static const struct {
        struct rate_case row;
        uint32_t tier;
        const char *rate;
    } rows[] = {
        { { "flat", "0 0.0104", NULL, "20", false, NULL, "1", "" }, 0, "0.01248" },
        { { "second tier", TRANSFER, NULL, "20", false, NULL, "1", "" }, 2, "0.102" },
        { { "free tier on", LAMBDA, NULL, NULL, false, NULL, "1", "" }, 1, "0" },
        { { "free tier off", LAMBDA, NULL, NULL, true, NULL, "1", "" }, 1, "0.0000002" },
        { { "custom", LAMBDA, "0 0, 10 1", NULL, true, NULL, "1", "" }, 1, "0" },
    };
    struct arena arena = { 0 };
    struct rater rater = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct schedule published, custom;
        struct price price = price_of(&rows[i].row, &published, &custom, &arena);
        struct rated_row rated;
        rate_parts(&rater, 3, &rated);
        assert_int_equal(rated.status, STATUS_CHARGED);
        assert_int_equal(rated.slice_count, 3);
        rate_of_part(&price, rows[i].tier, &rated.slices[2]);
        assert_int_equal(rated.slices[2].tier, rows[i].tier);
        expect_decimal(rows[i].row.why, rated.slices[2].rate, PRICED_RATE_SCALE, rows[i].rate);
    }
    rater_done(&rater);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_modified_exactly),
        cmocka_unit_test(pooled_quantities_run_through_the_tiers),
        cmocka_unit_test(the_free_tier_can_be_off),
        cmocka_unit_test(custom_tiers_stand_beside_the_published_ones),
        cmocka_unit_test(too_large_is_told_by_the_highest_rate),
        cmocka_unit_test(sums_of_amounts_may_be_too_large_themselves),
        cmocka_unit_test(a_pool_beyond_all_numbers_stays_in_its_last_tier),
        cmocka_unit_test(the_public_rate_is_told_where_there_is_one),
        cmocka_unit_test(own_prices_are_charged_as_they_come),
        cmocka_unit_test(a_public_cost_may_be_what_is_too_large),
        cmocka_unit_test(a_row_without_a_price_is_one_slice_of_nothing),
        cmocka_unit_test(known_parts_get_the_rate_of_their_tier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
