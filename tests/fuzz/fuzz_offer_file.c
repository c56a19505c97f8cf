/* Any bytes as an offer file: entries that come out have contiguous tiers from 0 to no end. */
#include "documents/offer_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct price_list list = { 0 };
    struct problems problems = { 0 };
    struct buffer lines = { 0 };
    struct error error = { 0 };
    struct input *input = input_from_memory(data, size, "fuzz");
    bool done = offer_file_read(input, TEXT("USD"), &list, &problems, &error);
    input_close(input);
    CHECK(done || error.message[0] != '\0');
    if (done)
        price_list_index(&list);
    for (size_t i = 0; i < list.count; i++) {
        struct schedule schedule = list.entries[i].schedule;
        i128 begin = 0;
        CHECK(schedule.count > 0 && list.entries[i].usage_type.size > 0);
        for (uint32_t j = 0; j < schedule.count; j++) {
            CHECK(schedule.tiers[j].begin == begin && schedule.tiers[j].end > begin && schedule.tiers[j].rate >= 0);
            begin = schedule.tiers[j].end;
        }
        CHECK(begin == TIER_NO_END);
    }
    for (size_t i = 0; i < problems.count; i++)
        problem_format(&problems.items[i], &lines);
    buffer_done(&lines);
    problems_done(&problems);
    price_list_done(&list);
    return 0;
}
