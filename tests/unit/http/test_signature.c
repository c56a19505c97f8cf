/*
 * http/signature: signatures that botocore made (tests/api checks more of them), and every way to break one.
 * The request: POST /tags/arn%3Aaws%3Ax%2Fy?b=2&a=%20x, signed for 2026-06-01T12:00:00Z in eu-west-1.
 */
#include "support/unit.h"

#include "http/signature.h"

#define NOW 1780315200 /* 2026-06-01T12:00:00Z */
#define SIGNATURE "f7a813a038deb54ef09dba28b3670679ee7decac27d5170c4ab400d9ec1e4f40"
#define AUTHORIZATION(scope, names, signature) \
    "AWS4-HMAC-SHA256 Credential=AKIA1/" scope ", SignedHeaders=" names ", Signature=" signature
#define SCOPE "20260601/eu-west-1/billingconductor/aws4_request"
#define NAMES "content-type;host;x-amz-date"

struct case_request {
    const char *method, *path, *query, *authorization, *date, *host, *type, *body, *extra, *extra_value;
};

static const struct case_request good = {
    "POST",
    "/tags/arn%3Aaws%3Ax%2Fy",
    "b=2&a=%20x",
    AUTHORIZATION(SCOPE, NAMES, SIGNATURE),
    "20260601T120000Z",
    "127.0.0.1:9465",
    "application/json",
    "{\"Tags\":{}}",
    NULL,
    NULL,
};

static enum signature_verdict verify(const struct case_request *given, int64_t now)
{
    static const struct credential items[] = { { { "AKIA1", 5 }, { "secret", 6 }, { "123456789012", 12 }, true } };
    struct credentials credentials = { .items = (struct credential *)(uintptr_t)items, .count = 1 };
    struct http_header headers[6];
    size_t count = 0;
    const char *const pairs[][2] = { { "Authorization", given->authorization },
                                     { "X-Amz-Date", given->date },
                                     { "Host", given->host },
                                     { "Content-Type", given->type },
                                     { given->extra, given->extra_value } };
    for (size_t i = 0; i < ARRAY_COUNT(pairs); i++)
        if (pairs[i][0] && pairs[i][1])
            headers[count++] = (struct http_header){ text_of(pairs[i][0]), text_of(pairs[i][1]) };
    struct http_request request = { text_of(given->method), text_of(given->path), text_of(given->query), headers, count,
                                    text_of(given->body) };
    const struct credential *who = NULL;
    enum signature_verdict verdict = signature_verify(&request, &credentials, now, &who);
    assert_int_equal(who != NULL, verdict == SIGNATURE_VALID);
    return verdict;
}

static void a_signature_holds_for_a_quarter_of_an_hour_either_way(void **state)
{
    (void)state;
    assert_int_equal(verify(&good, NOW), SIGNATURE_VALID);
    assert_int_equal(verify(&good, NOW + SIGNATURE_SKEW_SECONDS), SIGNATURE_VALID);
    assert_int_equal(verify(&good, NOW - SIGNATURE_SKEW_SECONDS), SIGNATURE_VALID);
    assert_int_equal(verify(&good, NOW + SIGNATURE_SKEW_SECONDS + 1), SIGNATURE_INVALID);
    assert_int_equal(verify(&good, NOW - SIGNATURE_SKEW_SECONDS - 1), SIGNATURE_INVALID);
}

static void what_is_not_signed_may_come_and_what_is_may_not_change(void **state)
{
    (void)state;
#define CHANGED(member, value, verdict)                     \
    do {                                                    \
        struct case_request changed = good;                 \
        changed.member = (value);                           \
        assert_int_equal(verify(&changed, NOW), (verdict)); \
    } while (0)
    CHANGED(method, "PUT", SIGNATURE_INVALID);
    CHANGED(path, "/tags/arn:aws:x/y", SIGNATURE_INVALID); /* decoded is another path */
    CHANGED(path, "/tags/arn%3aaws%3ax%2fy", SIGNATURE_INVALID);
    CHANGED(query, "a=%20x&b=2", SIGNATURE_VALID); /* order does not matter */
    CHANGED(query, "a=%20x&b=3", SIGNATURE_INVALID);
    CHANGED(query, "a=%20x", SIGNATURE_INVALID);
    CHANGED(query, "a=%zz", SIGNATURE_INVALID);
    CHANGED(body, "{\"Tags\":{} }", SIGNATURE_INVALID);
    CHANGED(host, "other", SIGNATURE_INVALID);
    CHANGED(host, NULL, SIGNATURE_INVALID);
    CHANGED(type, "  application/json\t", SIGNATURE_VALID); /* blanks around do not count */
    CHANGED(type, "text/plain", SIGNATURE_INVALID);
    CHANGED(date, "20260601T120001Z", SIGNATURE_INVALID);
    struct case_request more = good;
    more.extra = "User-Agent";
    more.extra_value = "x";
    assert_int_equal(verify(&more, NOW), SIGNATURE_VALID);
    more.extra = "X-Amz-Target";
    assert_int_equal(verify(&more, NOW), SIGNATURE_INVALID);
    more.extra = "Host"; /* twice */
    assert_int_equal(verify(&more, NOW), SIGNATURE_INVALID);
}

static void a_date_header_takes_the_place_of_amazon_s_own_in_either_form(void **state)
{
    (void)state;
    static const struct {
        const char *date, *authorization;
    } rows[] = {
        { "20260601T120000Z", AUTHORIZATION(SCOPE, "content-type;date;host",
                                            "999899c251bcdf6576a358e6d757e6c7704b23f3e24cde52a6da5dd7ae19f7de") },
        { "Mon, 01 Jun 2026 12:00:00 GMT",
          AUTHORIZATION(SCOPE, "content-type;date;host",
                        "60ef4a56c471b279f27b0dc074afd9b997b397136288d0bf3a8131ac1a370e63") },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct case_request dated = good;
        dated.date = NULL;
        dated.extra = "Date";
        dated.extra_value = rows[i].date;
        dated.authorization = rows[i].authorization;
        assert_int_equal(verify(&dated, NOW), SIGNATURE_VALID);
        dated.extra_value = rows[1 - i].date; /* signed in the other form */
        assert_int_equal(verify(&dated, NOW), SIGNATURE_INVALID);
        dated.extra_value = "2026-06-01T12:00:00Z";
        assert_int_equal(verify(&dated, NOW), SIGNATURE_INCOMPLETE);
    }
}

static void each_fault_has_its_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *authorization;
        enum signature_verdict verdict;
    } rows[] = {
        { NULL, SIGNATURE_MISSING },
        { "Basic abc", SIGNATURE_INCOMPLETE },
        { "AWS4-HMAC-SHA256", SIGNATURE_INCOMPLETE },
        { "AWS4-HMAC-SHA256 ", SIGNATURE_INCOMPLETE },
        { AUTHORIZATION(SCOPE, NAMES, "00"), SIGNATURE_INCOMPLETE },
        { AUTHORIZATION("20260601/eu-west-1/billingconductor", NAMES, SIGNATURE), SIGNATURE_INCOMPLETE },
        { AUTHORIZATION(SCOPE "/x", NAMES, SIGNATURE), SIGNATURE_INCOMPLETE },
        { AUTHORIZATION(SCOPE, NAMES, SIGNATURE) ", Signature=" SIGNATURE, SIGNATURE_INCOMPLETE },
        { "AWS4-HMAC-SHA256 Credential=AKIA2/" SCOPE ", SignedHeaders=" NAMES ", Signature=" SIGNATURE,
          SIGNATURE_UNKNOWN_KEY },
        { AUTHORIZATION("20260602/eu-west-1/billingconductor/aws4_request", NAMES, SIGNATURE), SIGNATURE_INVALID },
        { AUTHORIZATION("20260601/us-east-1/billingconductor/aws4_request", NAMES, SIGNATURE), SIGNATURE_INVALID },
        { AUTHORIZATION("20260601/eu-west-1/s3/aws4_request", NAMES, SIGNATURE), SIGNATURE_INVALID },
        { AUTHORIZATION(SCOPE, "content-type;x-amz-date", SIGNATURE), SIGNATURE_INVALID },
        { AUTHORIZATION(SCOPE, "host;content-type;x-amz-date", SIGNATURE), SIGNATURE_INVALID },
        { AUTHORIZATION(SCOPE, "content-type;host;host;x-amz-date", SIGNATURE), SIGNATURE_INVALID },
        { AUTHORIZATION(SCOPE, "accept;content-type;host;x-amz-date", SIGNATURE), SIGNATURE_INVALID },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct case_request changed = good;
        changed.authorization = rows[i].authorization;
        assert_int_equal(verify(&changed, NOW), rows[i].verdict);
    }
    CHANGED(date, "yesterday", SIGNATURE_INCOMPLETE);
    CHANGED(date, "20261301T120000Z", SIGNATURE_INCOMPLETE);
    CHANGED(date, NULL, SIGNATURE_INCOMPLETE);
    struct case_request hashed = good;
    hashed.extra = "X-Amz-Content-Sha256";
    hashed.extra_value = "UNSIGNED-PAYLOAD";
    assert_int_equal(verify(&hashed, NOW), SIGNATURE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_holds_for_a_quarter_of_an_hour_either_way),
        cmocka_unit_test(what_is_not_signed_may_come_and_what_is_may_not_change),
        cmocka_unit_test(a_date_header_takes_the_place_of_amazon_s_own_in_either_form),
        cmocka_unit_test(each_fault_has_its_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
