/* property_event_json: a usage event from JSON is what jansson's tree makes of it, for any text, whole or damaged. */
#include "support/event_json_oracle.h"
#include "support/property.h"
#include "support/record_text.h"

static struct buffer json;

static void put(const char *text)
{
    buffer_append_text(&json, text_of(text));
}

static void put_blanks(struct random *random)
{
    static const char *const blanks[] = { " ", "\t", "\n", "\r", "  \r\n\t        " };
    while (random_one_in(random, 12))
        put(blanks[random_below(random, ARRAY_COUNT(blanks))]);
}

static void put_characters(struct random *random)
{
    static const char *const pieces[] = {
        "a",
        "Usage",
        "AmazonEC2",
        "2026-06-01T00:00:00Z",
        "200000000011",
        "7",
        "0.25",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\u0041",
        "\\u00e4",
        "\\u20AC",
        "\\u0000",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\\ude00",
        "\\ud83d\\n",
        "\\uD800\\u0041",
        "\\u12",
        "\\u12G4",
        "\\x",
        "\xc3\xa4",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        "\x7f",
        "{",
        "}",
        ",",
        ":",
        "a text of more than sixteen bytes",
        "\\b\\f\\r\\t",
        "\x1f",
    };
    size_t rare = random_one_in(random, 4) ? ARRAY_COUNT(pieces) : 7;
    for (size_t left = random_below(random, 4); left > 0; left--)
        put(pieces[random_below(random, rare)]);
}

static void put_string(struct random *random)
{
    put("\"");
    put_characters(random);
    put("\"");
}

static void put_number(struct random *random)
{
    static const char *const numbers[] = { "0",
                                           "1",
                                           "-3",
                                           "0.10",
                                           "1.0416666667E-4",
                                           "1e3",
                                           "12345678901234567890123456789",
                                           "1e9999",
                                           "01",
                                           "1.2.3",
                                           "-",
                                           "1e",
                                           "--1",
                                           "0.00000000005",
                                           "+1",
                                           ".5",
                                           "1E-20",
                                           "NaN" };
    put(numbers[random_below(random, random_one_in(random, 3) ? ARRAY_COUNT(numbers) : 6)]);
}

static void put_name(struct random *random)
{
    static const char *const others[] = { "source", "EVENT_ID", "event_i\\u0064", "event_id2",
                                          "",       "a\\u0000", "s\\u006furce",   "t\xc3\xa4g" };
    put("\"");
    if (random_one_in(random, 4))
        put(others[random_below(random, ARRAY_COUNT(others))]);
    else
        put(usage_event_type.fields[random_below(random, usage_event_type.field_count)].name);
    put("\"");
}

static void put_value(struct random *random, unsigned depth);

static void put_members(struct random *random, bool is_object, unsigned depth)
{
    size_t count = random_below(random, random_one_in(random, 8) ? 30 : 4);
    put(is_object ? "{" : "[");
    for (size_t i = 0; i < count; i++) {
        put(i ? "," : "");
        put_blanks(random);
        if (is_object) {
            put_string(random);
            put_blanks(random);
            put(":");
        }
        put_value(random, depth + 1);
    }
    put_blanks(random);
    put(is_object ? "}" : "]");
}

static void put_value(struct random *random, unsigned depth)
{
    static const char *const literals[] = { "null", "true", "false", "nul", "truex", "None" };
    put_blanks(random);
    switch (random_below(random, depth > 3 ? 6 : 8)) {
    case 0:
        put(literals[random_below(random, random_one_in(random, 10) ? ARRAY_COUNT(literals) : 3)]);
        break;
    case 1:
    case 2:
        put_number(random);
        break;
    case 6:
    case 7:
        put_members(random, random_one_in(random, 2), depth);
        break;
    default:
        put_string(random);
    }
    put_blanks(random);
}

/* A value that the field may well have. */
static void put_fitting(struct random *random, const struct field *field)
{
    static const char *const texts[] = { "\"200000000011\"", "\"Usage\"", "\"x\"", "\"\"", "null", "\"a\\u00e4\"" };
    static const char *const times[] = { "\"2026-06-01T00:00:00Z\"", "\"2026-06-01T01:00:00Z\"", "null", "\"\"" };
    static const char *const tags[] = { "{}",
                                        "{\"user:b\":\"2\",\"user:a\":\"1\"}",
                                        "{\"a\":null,\"b\":\"\",\"c\":\"d\"}",
                                        "null",
                                        "{\"a\":\"1\",\"\\u0061\":\"2\"}",
                                        "{\"a\":1,\"b\":[]}",
                                        "{\"a\":\"\\u0000\"}" };
    if (strstr(field->name, "account"))
        put(texts[0]);
    else if (field->kind == FIELD_TIME)
        put(times[random_below(random, ARRAY_COUNT(times))]);
    else if (field->kind == FIELD_TAGS)
        put(tags[random_below(random, ARRAY_COUNT(tags))]);
    else if (field->kind == FIELD_DECIMAL)
        put_number(random);
    else
        put(texts[random_below(random, ARRAY_COUNT(texts))]);
}

static void put_event(struct random *random)
{
    static const size_t required[] = { USAGE_EVENT_event_id, USAGE_EVENT_usage_account_id, USAGE_EVENT_product_code,
                                       USAGE_EVENT_usage_start, USAGE_EVENT_usage_type };
    size_t order[USAGE_EVENT_FIELD_COUNT];
    random_order(random, order, ARRAY_COUNT(order));
    put("{\"usage_amount\":1");
    for (size_t i = 0; i < ARRAY_COUNT(required); i++) {
        const struct field *field = &usage_event_type.fields[required[i]];
        buffer_printf(&json, ",\"%s\":%s", field->name,
                      field->kind == FIELD_TIME ? "\"2026-06-01T00:00:00Z\"" : "\"200000000011\"");
    }
    for (size_t i = random_below(random, ARRAY_COUNT(order)); i > 0; i--) {
        const struct field *field = &usage_event_type.fields[order[i]];
        bool is_there = order[i] == USAGE_EVENT_usage_amount;
        for (size_t r = 0; r < ARRAY_COUNT(required); r++)
            is_there = is_there || order[i] == required[r];
        if (is_there && !random_one_in(random, 300))
            continue;
        put_blanks(random);
        buffer_printf(&json, ",\"%s\":", field->name);
        if (random_one_in(random, 40))
            put_value(random, 1);
        else
            put_fitting(random, field);
    }
    if (random_one_in(random, 3)) {
        put(",");
        put_name(random);
        put(":");
        put_value(random, 1);
    }
    put("}");
}

/* Bytes lost, doubled, put in, turned. */
static void damage(struct random *random)
{
    static const char bytes[] = "\"\\{}[],: 0-eu\n\x01\x80\xc3\xff";
    for (size_t left = random_below(random, 4); left > 0 && json.size > 0; left--) {
        size_t at = random_below(random, json.size);
        char *place = json.data + at;
        switch (random_below(random, 4)) {
        case 0:
            memmove(place, place + 1, json.size - at - 1);
            json.size--;
            break;
        case 1:
            *place = bytes[random_below(random, sizeof bytes)];
            break;
        case 2:
            json.size = at;
            break;
        default:
            buffer_append_byte(&json, *place);
        }
    }
}

static void hold_to_oracle(void)
{
    static struct event_json *decoder;
    static struct arena arena;
    static struct buffer ours, wanted;
    if (!decoder)
        decoder = event_json_new();
    /* In memory of its own size, so that a sanitizer sees a step too far. */
    char *exact = memory_new(json.size + 1);
    memcpy(exact + 1, json.data, json.size);
    for (enum excess_decimals excess = EXCESS_ROUND; excess <= EXCESS_REJECT; excess++) {
        struct text text = { exact + 1, json.size };
        const char *difference = oracle_difference(decoder, text, excess, &arena);
        CLAIM(!difference, "%s of %.*s", difference, TEXT_ARGS(text));
        struct usage_event event, other;
        struct refusal refusal;
        if (!event_json_decode(decoder, text, excess, &event, &arena, &refusal))
            continue;
        CLAIM(oracle_decode(text, excess, &other, &arena, &refusal), "%.*s", TEXT_ARGS(text));
        record_text(&usage_event_type, &event, &ours);
        record_text(&usage_event_type, &other, &wanted);
        CLAIM(text_equal(buffer_text(&ours), buffer_text(&wanted)), "%s, wanted %s", ours.data, wanted.data);
        CLAIM(event.excess_decimals == other.excess_decimals, "%u, wanted %u", event.excess_decimals, other.excess_decimals);
    }
    arena_reset(&arena);
    free(exact);
}

static void events_are_what_the_tree_makes_of_them(struct random *random)
{
    buffer_clear(&json);
    put_event(random);
    hold_to_oracle();
}

static void damaged_events_are_refused_for_the_same_reason(struct random *random)
{
    buffer_clear(&json);
    put_event(random);
    damage(random);
    hold_to_oracle();
}

static void any_objects_are_read_alike(struct random *random)
{
    buffer_clear(&json);
    put("{");
    for (size_t i = 0, count = random_below(random, random_one_in(random, 10) ? 40 : 6); i < count; i++) {
        put(i ? "," : "");
        put_blanks(random);
        put_name(random);
        put_blanks(random);
        put(":");
        put_value(random, 1);
    }
    put("}");
    if (random_one_in(random, 3))
        damage(random);
    hold_to_oracle();
}

static void any_values_are_read_alike(struct random *random)
{
    buffer_clear(&json);
    put_value(random, 0);
    if (random_one_in(random, 2))
        damage(random);
    hold_to_oracle();
}

/* Around the depth at which both give up. */
static void depth_ends_at_the_same_level(struct random *random)
{
    size_t depth = 2040 + random_below(random, 16), objects = 0;
    static char closing[4096];
    buffer_clear(&json);
    put("{\"tags\":null,\"deep\":");
    for (; objects < depth; objects++) {
        bool is_object = random_one_in(random, 2);
        put(is_object ? "{\"k\":" : "[");
        closing[objects] = is_object ? '}' : ']';
    }
    put(random_one_in(random, 2) ? "{}" : random_one_in(random, 2) ? "[]" : "1");
    while (objects > 0)
        buffer_append_byte(&json, closing[--objects]);
    put("}");
    hold_to_oracle();
}

int main(int argc, char **argv)
{
    static const struct law laws[] = {
        { "events are what the tree makes of them", events_are_what_the_tree_makes_of_them, 20000 },
        { "damaged events are refused for the same reason", damaged_events_are_refused_for_the_same_reason, 20000 },
        { "any objects are read alike", any_objects_are_read_alike, 20000 },
        { "any values are read alike", any_values_are_read_alike, 10000 },
        { "depth ends at the same level", depth_ends_at_the_same_level, 200 },
    };
    return property_main(argc, argv, laws, ARRAY_COUNT(laws));
}
