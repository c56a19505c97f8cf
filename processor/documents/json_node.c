/* documents/json_node.c: typed reading of jansson values. Never json_real_value: numbers are texts. */
#include "documents/json_node.h"

#include <stdlib.h>

struct node node_member(const struct node *object, const char *name)
{
    json_t *value = json_object_get(object->value, name);
    return (struct node){ { &object->place, text_of(name), 0 }, json_is_null(value) ? NULL : value, object->problems };
}

struct node node_element(const struct node *array, size_t index)
{
    return (struct node){ { &array->place, TEXT_NONE, index }, json_array_get(array->value, index), array->problems };
}

static struct text string_of(const json_t *value)
{
    return (struct text){ json_string_value(value), json_string_length(value) };
}

void node_problem(const struct node *node, enum problem_reason reason, const char *expected)
{
    if (!node->value || json_is_string(node->value)) {
        struct text value = node->value ? string_of(node->value) : TEXT_NONE;
        problem_add(node->problems, &node->place, reason, value, "%s", expected);
        return;
    }
    char *json = json_dumps(node->value, JSON_COMPACT | JSON_ENCODE_ANY);
    problem_add(node->problems, &node->place, reason, text_of(json), "%s", expected);
    free(json);
}

bool node_is_object(const struct node *node)
{
    if (node->value && !json_is_object(node->value))
        node_problem(node, PROBLEM_FIELD_VALIDATION_FAILED, "an object");
    return json_is_object(node->value);
}

size_t node_count(const struct node *node)
{
    if (node->value && !json_is_array(node->value))
        node_problem(node, PROBLEM_FIELD_VALIDATION_FAILED, "an array");
    return json_array_size(node->value);
}

bool node_text(const struct node *node, struct text *ret)
{
    if (!node->value)
        return false;
    if (!json_is_string(node->value)) {
        node_problem(node, PROBLEM_FIELD_VALIDATION_FAILED, "a string");
        return false;
    }
    struct text text = string_of(node->value);
    if (text.size && memchr(text.data, '\0', text.size)) {
        node_problem(node, PROBLEM_FIELD_VALIDATION_FAILED, "a string without zero bytes");
        return false;
    }
    *ret = text;
    return true;
}

bool node_bool(const struct node *node, bool *ret)
{
    if (node->value && !json_is_boolean(node->value))
        node_problem(node, PROBLEM_FIELD_VALIDATION_FAILED, "true or false");
    if (!json_is_boolean(node->value))
        return false;
    *ret = json_is_true(node->value);
    return true;
}

bool node_decimal(const struct node *node, const struct number_rule *rule, i128 *ret)
{
    struct text text;
    i128 value = 0;
    if (!node->value)
        return false;
    if (!json_is_string(node->value) || !node_text(node, &text)) {
        node_problem(node, PROBLEM_FIELD_VALIDATION_FAILED, "a number");
        return false;
    }
    switch (decimal_parse(text, rule->scale, &value)) {
    case DECIMAL_NOT_A_NUMBER:
        node_problem(node, PROBLEM_FIELD_VALIDATION_FAILED, "a number");
        return false;
    case DECIMAL_ROUNDED:
    case DECIMAL_TOO_LARGE:
        break;
    case DECIMAL_EXACT:
        if (value < rule->min || value > rule->max)
            break;
        *ret = value;
        return true;
    }
    node_problem(node, rule->reason, rule->expected);
    return false;
}

bool node_account(const struct node *node, enum problem_reason reason, uint64_t *ret)
{
    struct text text;
    if (!node_text(node, &text))
        return false;
    if (!text_is_digits(text, 12)) {
        node_problem(node, reason, "an account id of 12 digits");
        return false;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < text.size; i++)
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    *ret = number;
    return true;
}

int node_choice(const struct node *node, const char *const *names, size_t count, enum problem_reason reason)
{
    struct text text;
    if (!node_text(node, &text))
        return -1;
    struct buffer expected = { 0 };
    for (size_t i = 0; i < count; i++) {
        if (text_equal(text, text_of(names[i]))) {
            buffer_done(&expected);
            return (int)i;
        }
        buffer_printf(&expected, "%s%s", i ? " or " : "", names[i]);
    }
    problem_add(node->problems, &node->place, reason, text, "%.*s", TEXT_ARGS(buffer_text(&expected)));
    buffer_done(&expected);
    return -1;
}

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool text_is_class(struct text text, enum text_class class)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool fits = class == TEXT_ANY || is_alphanumeric(c);
        if (class == TEXT_NAME)
            fits = fits || (c != '\0' && strchr("_+=.-@", c));
        else if (class == TEXT_ENTITY)
            fits = fits || c == '(' || c == ')' || c == ' ';
        else if (class == TEXT_NO_SPACE)
            fits = fits || (unsigned char)c > 0x20;
        if (!fits)
            return false;
    }
    return true;
}

/* Lengths of the API count characters, not bytes. */
static size_t count_characters(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

bool node_text_of(const struct node *node, enum text_class class, size_t min, size_t max, enum problem_reason reason,
                  struct text *ret)
{
    static const char *const descriptions[] = {
        [TEXT_ANY] = "characters",
        [TEXT_NAME] = "letters, digits and _ + = . - @",
        [TEXT_ALPHANUMERIC] = "letters and digits",
        [TEXT_ENTITY] = "letters, digits, blanks and parentheses",
        [TEXT_NO_SPACE] = "characters without blanks",
    };
    struct text text;
    if (!node_text(node, &text))
        return false;
    size_t count = count_characters(text);
    if (count >= min && count <= max && text_is_class(text, class)) {
        *ret = text;
        return true;
    }
    problem_add(node->problems, &node->place, reason, text, "%zu to %zu %s", min, max, descriptions[class]);
    return false;
}
