/* http/credentials: sections as in the AWS CLI's file; what is wrong is told with its line and without its secret. */
#include "support/unit.h"

#include "http/credentials.h"

static void sections_become_credentials(void **state)
{
    (void)state;
    struct credentials credentials = { 0 };
    struct error error;
    assert_true(credentials_parse(TEXT("# keys\n[payer]\naws_access_key_id = AKIA1\r\naws_secret_access_key=s=3/+\n"
                                       "account = 123456789012\nrole=payer\nregion = eu-west-1\n\n; more\n[member]\n"
                                       "aws_secret_access_key = t\naws_access_key_id=AKIA2\naccount=210987654321"),
                                  "keys", &credentials, &error));
    assert_int_equal(credentials.count, 2);
    const struct credential *payer = credentials_find(&credentials, TEXT("AKIA1"));
    assert_true(payer && payer->is_payer && text_equal(payer->secret, TEXT("s=3/+")));
    const struct credential *member = credentials_find(&credentials, TEXT("AKIA2"));
    assert_true(member && !member->is_payer && text_equal(member->account, TEXT("210987654321")));
    assert_null(credentials_find(&credentials, TEXT("AKIA")));
    assert_null(credentials_find(&credentials, TEXT_NONE));
    credentials_done(&credentials);
}

#define SOUND "aws_access_key_id=A\naws_secret_access_key=hush\naccount=123456789012\n"

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *told;
    } rows[] = {
        { "", "no section" },
        { "a=b\n", "line 1" },
        { "[a\n", "line 1" },
        { "[a]\n", "line 1" },
        { "[a]\n" SOUND "[b]\n" SOUND, "line 5" },
        { "[a]\n" SOUND "account=1\n", "line 5" },
        { "[a]\n" SOUND "role=admin\n", "payer" },
        { "[a]\n" SOUND "aws_secret_access_key=other\n", "each once" },
        { "[a]\n\naws_access_key_id=a b\n", "line 3" },
        { "[a]\naws_access_key_id=\n", "line 2" },
        { "[a]\nhush\n", "'='" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct credentials credentials = { 0 };
        struct error error;
        assert_false(credentials_parse(text_of(rows[i].text), "keys", &credentials, &error));
        assert_non_null(strstr(error.message, rows[i].told));
        assert_null(strstr(error.message, "hush"));
        credentials_done(&credentials);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_become_credentials),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
