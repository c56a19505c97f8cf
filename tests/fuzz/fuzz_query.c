/* fuzz_query: any bytes as a query string, a credentials file and text to be escaped. What is escaped decodes to itself. */
#include "http/credentials.h"
#include "http/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = { (const char *)data, size }, rest = input, name, value;
    struct buffer encoded = { 0 }, decoded = { 0 };
    struct credentials credentials = { 0 };
    struct error error;
    bool sound;
    while (http_next_parameter(&rest, &name, &value)) {
        buffer_clear(&decoded);
        if (http_decode_form(value, &decoded))
            CHECK(text_is_utf8(buffer_text(&decoded)));
    }
    buffer_clear(&decoded);
    http_parameter(input, "next", &decoded, &sound);
    buffer_clear(&decoded);
    http_encode(input, false, &encoded);
    if (http_decode(buffer_text(&encoded), &decoded))
        CHECK(text_equal(buffer_text(&decoded), input));
    else
        CHECK(size > 0 && memchr(data, 0, size));
    if (credentials_parse(input, "keys", &credentials, &error))
        CHECK(credentials.count > 0);
    credentials_done(&credentials);
    buffer_done(&encoded);
    buffer_done(&decoded);
    return 0;
}
