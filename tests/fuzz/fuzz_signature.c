/* fuzz_signature: any bytes as a request's path, query and Authorization header. Nothing of it is ever a valid signature. */
#include "http/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next line of the input. */
static struct text line(struct text *rest)
{
    const char *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
    struct text part = { rest->data, end ? (size_t)(end - rest->data) : rest->size };
    size_t used = part.size + (end != NULL);
    *rest = (struct text){ rest->data + used, rest->size - used };
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct credential items[] = { { { "A", 1 }, { "s", 1 }, { "123456789012", 12 }, true } };
    struct credentials credentials = { .items = (struct credential *)(uintptr_t)items, .count = 1 };
    struct text rest = { (const char *)data, size };
    struct http_header headers[] = {
        { TEXT("Authorization"), line(&rest) }, { TEXT("X-Amz-Date"), line(&rest) }, { TEXT("Date"), line(&rest) },
        { TEXT("Host"), line(&rest) },          { line(&rest), line(&rest) },
    };
    struct http_request request = { line(&rest), line(&rest), line(&rest), headers, ARRAY_COUNT(headers), rest };
    const struct credential *who = NULL;
    CHECK(signature_verify(&request, &credentials, 1780315200, &who) != SIGNATURE_VALID && !who);
    return 0;
}
