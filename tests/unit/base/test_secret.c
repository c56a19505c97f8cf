/* base/secret: what was told once is never seen again, whatever stands around it. */
#include "support/unit.h"

#include "base/secret.h"

static void a_secret_becomes_stars_wherever_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        { "", "" },
        { "nothing of it", "nothing of it" },
        { "correct horse", "********" },
        { "login as correct horse refused", "login as ******** refused" },
        { "correct horsecorrect horse", "****************" },
        { "user:pass1 and correct horse", "user:***** and ********" },
        { "correct hors", "correct hors" },
        { "Correct horse", "Correct horse" },
    };
    secret_remember("kafka.sasl.password", TEXT("correct horse"));
    secret_remember("basic.auth.user.info", TEXT("pass1"));
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char line[128];
        snprintf(line, sizeof line, "%s", rows[i].before);
        secret_hide(line);
        expect_text(rows[i].before, text_of(line), rows[i].after);
    }
    secret_forget();
}

static void a_renewed_secret_takes_the_place_of_the_old_one(void **state)
{
    (void)state;
    char line[] = "first-token second-token";
    secret_remember("token", TEXT("first-token"));
    secret_remember("token", TEXT("second-token"));
    secret_hide(line);
    assert_string_equal(line, "first-token ********");
    secret_forget();
}

static void what_is_too_short_would_be_found_in_any_word(void **state)
{
    (void)state;
    char line[] = "a log line";
    secret_remember("kafka.sasl.password", TEXT("log"));
    secret_remember("other", TEXT_NONE);
    secret_hide(line);
    assert_string_equal(line, "a log line");
    secret_forget();
}

static void forgotten_secrets_are_looked_for_no_more(void **state)
{
    (void)state;
    char line[] = "correct horse";
    secret_remember("kafka.sasl.password", TEXT("correct horse"));
    secret_forget();
    secret_hide(line);
    assert_string_equal(line, "correct horse");
    secret_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_becomes_stars_wherever_it_stands),
        cmocka_unit_test(a_renewed_secret_takes_the_place_of_the_old_one),
        cmocka_unit_test(what_is_too_short_would_be_found_in_any_word),
        cmocka_unit_test(forgotten_secrets_are_looked_for_no_more),
    };
    return cmocka_run_group_tests_name("base/secret", tests, NULL, NULL);
}
