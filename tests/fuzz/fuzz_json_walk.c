/* Any bytes: the walk ends, says where it failed, and agrees with jansson about what is JSON. */
#include <jansson.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "documents/json_walk.h"

static const struct json_target targets[] = {
    { "/a", JSON_ELEMENTS },
    { "/b", JSON_MEMBERS },
    { "/c/d", JSON_WHOLE },
};

static bool visit(void *context, const struct json_item *item, struct error *error)
{
    (void)context;
    (void)error;
    CHECK(item->target < ARRAY_COUNT(targets));
    CHECK((item->value == NULL) == (item->found != NULL));
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = { 0 };
    struct input *input = input_from_memory(data, size, "fuzz");
    bool done = json_walk(input, targets, ARRAY_COUNT(targets), visit, NULL, NULL, &error);
    input_close(input);
    CHECK(done || error.message[0] != '\0');
    bool is_gzip = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    json_error_t failure;
    json_t *value = json_loadb((const char *)data, size, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &failure);
    /* The other way does not hold: the walk refuses a target that comes twice, and takes a byte order mark. */
    if (done && !is_gzip && !(size >= 3 && data[0] == 0xef)) {
        bool is_known_difference = !value && (json_error_code(&failure) == json_error_invalid_utf8 ||
                                              json_error_code(&failure) == json_error_null_byte_in_key ||
                                              json_error_code(&failure) == json_error_numeric_overflow ||
                                              json_error_code(&failure) == json_error_invalid_syntax);
        CHECK(value || is_known_difference);
    }
    json_decref(value);
    return 0;
}
