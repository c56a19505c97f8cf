/*
 * Any bytes as an offer file, and, behind a 'c', as the rows of its CSV form: entries that come out have contiguous tiers
 * from 0 to no end.
 */
#include "documents/offer_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char heading[] =
    "SKU,OfferTermCode,TermType,EffectiveDate,StartingRange,EndingRange,Unit,PricePerUnit,Currency,"
    "serviceCode,usageType,operation,RelatedTo\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer csv = { 0 };
    if (size > 0 && data[0] == 'c') {
        buffer_append(&csv, heading, strlen(heading));
        buffer_append(&csv, data + 1, size - 1);
        data = (const uint8_t *)csv.data;
        size = csv.size;
    }
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
    buffer_done(&csv);
    problems_done(&problems);
    price_list_done(&list);
    return 0;
}
