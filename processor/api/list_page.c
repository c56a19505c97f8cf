/* api/list_page.c: tokens name the last key that went out, and are bound to the call that they belong to. */
#include "api/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

#define HASH_LETTERS 16

/* Of the operation, its arguments without those that may change from page to page, and the key. */
static uint64_t token_hash(const struct call *call, const char *key)
{
    struct buffer bytes = { 0 };
    json_t *input = json_copy(call->input);
    json_object_del(input, "NextToken");
    json_object_del(input, "MaxResults");
    char *arguments = json_dumps(input, JSON_COMPACT | JSON_SORT_KEYS);
    buffer_printf(&bytes, "%d\n%s\n%s", (int)call->operation, arguments, key);
    uint64_t hash = hash64(bytes.data, bytes.size);
    free(arguments);
    json_decref(input);
    buffer_done(&bytes);
    return hash;
}

/* As encode_key writes them: a token in other letters is none of ours. */
static int token_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *decode_key(const char *hex)
{
    size_t size = strlen(hex);
    char *key = memory_new(size / 2 + 1);
    for (size_t i = 0; i + 1 < size; i += 2) {
        int high = token_digit(hex[i]), low = token_digit(hex[i + 1]);
        if (high < 0 || low < 0 || high + low == 0) {
            free(key);
            return NULL;
        }
        key[i / 2] = (char)(high * 16 + low);
    }
    return key;
}

static char *read_token(const struct call *call, const char *token)
{
    char expected[HASH_LETTERS + 1];
    size_t size = strlen(token);
    if (size <= HASH_LETTERS || size % 2 != 0)
        return NULL;
    char *key = decode_key(token + HASH_LETTERS);
    if (!key)
        return NULL;
    snprintf(expected, sizeof expected, "%016llx", (unsigned long long)token_hash(call, key));
    if (memcmp(expected, token, HASH_LETTERS) == 0)
        return key;
    free(key);
    return NULL;
}

bool list_begin(struct call *call, size_t standard, struct list_page *page)
{
    const char *max = input_text(call, "MaxResults"), *token = input_text(call, "NextToken");
    *page = (struct list_page){ .max = max ? (size_t)strtoul(max, NULL, 10) : standard };
    if (token && !(page->after = read_token(call, token))) {
        failure_done(&call->failure);
        failure_field(&call->failure, "NextToken", "must be a token of this operation with the same arguments");
        return false;
    }
    page->list = json_array();
    return true;
}

bool list_add(struct list_page *page, const char *key, json_t *element)
{
    if (json_array_size(page->list) == page->max) {
        page->more = true;
        json_decref(element);
        return false;
    }
    json_array_append_new(page->list, element);
    free(page->last);
    page->last = memory_copy_string(key);
    return true;
}

void list_end(struct call *call, struct list_page *page, const char *list_name, json_t *reply)
{
    json_object_set_new(reply, list_name, page->list);
    if (page->more) {
        struct buffer token = { 0 };
        buffer_printf(&token, "%016llx", (unsigned long long)token_hash(call, page->last));
        for (const char *c = page->last; *c; c++)
            buffer_printf(&token, "%02x", (unsigned char)*c);
        json_object_set_new(reply, "NextToken", json_stringn(token.data, token.size));
        buffer_done(&token);
    }
    free(page->after);
    free(page->last);
}
