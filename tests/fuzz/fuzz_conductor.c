/* Any bytes as a conductor document: either a sound document or an error; a sound one has a hash and checks prices. */
#include <stdlib.h>

#include "documents/conductor_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every index in a sound document points to something. */
static void check_indexes(const struct conductor *conductor)
{
    for (size_t i = 0; i < conductor->group_count; i++)
        CHECK(conductor->groups[i].plan < conductor->plan_count);
    for (size_t i = 0; i < conductor->plan_count; i++)
        for (uint32_t j = 0; j < conductor->plans[i].rule_count; j++)
            CHECK(conductor->plans[i].rules[j] < conductor->rule_count);
    for (size_t i = 0; i < conductor->account_count; i++) {
        CHECK(conductor->accounts[i].group == GROUP_NONE || conductor->accounts[i].group < conductor->group_count);
        CHECK(i == 0 || conductor->accounts[i - 1].account < conductor->accounts[i].account);
    }
    for (size_t i = 0; i < conductor->custom_line_item_count; i++) {
        const struct custom_line_item *item = &conductor->custom_line_items[i];
        CHECK(item->group < conductor->group_count);
        CHECK(item->account.size == 12 && item->value >= 0);
        for (uint32_t j = 0; j < item->flat_item_count; j++)
            CHECK(!conductor->custom_line_items[item->flat_items[j]].is_percentage);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conductor *conductor = NULL;
    struct problems problems = { 0 };
    struct price_list list = { 0 };
    struct buffer lines = { 0 };
    struct error error = { 0 };
    struct input *input = input_from_memory(data, size, "fuzz");
    bool done = size % 2 ? conductor_read_whole(input, &conductor, &problems, &error)
                         : conductor_read(input, &conductor, &problems, &error);
    input_close(input);
    CHECK(done == (conductor != NULL) && (!done || problems.total == 0) && (done || error.message[0] != '\0'));
    if (done) {
        check_indexes(conductor);
        conductor_hash(conductor);
        conductor_check_prices(conductor, &list, &problems);
        conductor_done(conductor);
        free(conductor);
    }
    for (size_t i = 0; i < problems.count; i++)
        problem_format(&problems.items[i], &lines);
    buffer_done(&lines);
    problems_done(&problems);
    price_list_done(&list);
    return 0;
}
