/* log/oauth_token: what is read of tokens, and which are refused. */
#include "support/unit.h"

#include "base/memory.h"
#include "log/oauth_token.h"

#define NOW INT64_C(1780000000000)
#define ASSUMED (NOW + OAUTH_TOKEN_ASSUMED_MS)

/* Payloads: {"sub":"billing","exp":1780003600}, the same without sub, {"exp":1779999999}, {"exp":"soon"}, [1] */
#define WITH_BOTH "eyJzdWIiOiJiaWxsaW5nIiwiZXhwIjoxNzgwMDAzNjAwfQ"
#define WITHOUT_SUBJECT "eyJleHAiOjE3ODAwMDM2MDB9"
#define OVER "eyJleHAiOjE3Nzk5OTk5OTl9"
#define STRANGE_END "eyJleHAiOiJzb29uIn0"
#define NO_OBJECT "WzFd"

static void a_token_says_whose_it_is_and_until_when_it_is_good(void **state)
{
    (void)state;
    static const struct {
        const char *why, *file, *token, *principal;
        int64_t good_until_ms;
    } rows[] = {
        { "a JWT", "h." WITH_BOTH ".s", "h." WITH_BOTH ".s", "billing", 1780003600000 },
        { "padded", "h." WITH_BOTH "==.s", "h." WITH_BOTH "==.s", "billing", 1780003600000 },
        { "not signed", "h." WITH_BOTH ".", "h." WITH_BOTH ".", "billing", 1780003600000 },
        { "a line", " h." WITHOUT_SUBJECT ".s\r\n", "h." WITHOUT_SUBJECT ".s", "", 1780003600000 },
        { "an end that is no number", "h." STRANGE_END ".s", "h." STRANGE_END ".s", "", ASSUMED },
        { "no claims", "h." NO_OBJECT ".s", "h." NO_OBJECT ".s", "", ASSUMED },
        { "no JSON", "h.AAAA.s", "h.AAAA.s", "", ASSUMED },
        { "no base64", "h.a+b/.s", "h.a+b/.s", "", ASSUMED },
        { "one dot", "h." WITH_BOTH, "h." WITH_BOTH, "", ASSUMED },
        { "opaque", "2YotnFZFEjr1zCsicMWpAA", "2YotnFZFEjr1zCsicMWpAA", "", ASSUMED },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct oauth_token token;
        struct error error;
        if (!oauth_token_read(text_of(rows[i].file), NOW, &token, &error))
            fail_msg("%s: %s", rows[i].why, error.message);
        expect_text(rows[i].why, token.token, rows[i].token);
        expect_text(rows[i].why, text_of(token.principal), rows[i].principal);
        expect(rows[i].why, token.good_until_ms == rows[i].good_until_ms, true);
    }
}

static void what_is_no_token_is_refused(void **state)
{
    (void)state;
    char *large = memory_new(OAUTH_TOKEN_BYTES_MAX + 1);
    memset(large, 'x', OAUTH_TOKEN_BYTES_MAX);
    const struct {
        const char *file, *message;
    } rows[] = {
        { "", "it is empty" },
        { " \n", "it is empty" },
        { "two words", "its character 4 is not one of a token" },
        { "caf\xc3\xa9", "its character 4 is not one of a token" },
        { "h." OVER ".s", "its token was good until 1779999999 s after 1970, which is over" },
        { large, "it has 65536 bytes, expected a token of less than 65536" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct oauth_token token;
        struct error error;
        assert_false(oauth_token_read(text_of(rows[i].file), NOW, &token, &error));
        assert_string_equal(error.message, rows[i].message);
    }
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_says_whose_it_is_and_until_when_it_is_good),
        cmocka_unit_test(what_is_no_token_is_refused),
    };
    return cmocka_run_group_tests_name("log/oauth_token", tests, NULL, NULL);
}
