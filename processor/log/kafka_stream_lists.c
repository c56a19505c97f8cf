/* log/kafka_stream_lists.c: partitions and offsets as lists of librdkafka's, and the number of a transaction beside an
 * offset. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "log/kafka_stream_parts.h"

/* An offset's metadata is the number of its transaction, in decimal; librdkafka frees it. */
static void set_transaction(rd_kafka_topic_partition_t *partition, int64_t transaction)
{
    if (transaction <= 0)
        return;
    char number[24];
    int size = snprintf(number, sizeof number, "%lld", (long long)transaction);
    partition->metadata = malloc((size_t)size + 1);
    CHECK(partition->metadata);
    memcpy(partition->metadata, number, (size_t)size + 1);
    partition->metadata_size = (size_t)size;
}

int64_t kafka_transaction_of(const rd_kafka_topic_partition_t *partition)
{
    int64_t number = 0;
    const char *digits = partition->metadata;
    if (!digits || partition->metadata_size == 0 || partition->metadata_size > 18)
        return 0;
    for (size_t i = 0; i < partition->metadata_size && digits[i]; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return 0;
        number = number * 10 + (digits[i] - '0');
    }
    return number;
}

rd_kafka_topic_partition_list_t *kafka_list_of(const struct kafka_stream *stream, const struct stream_partition *partitions,
                                               size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        char name[KAFKA_TOPIC_NAME_MAX];
        kafka_topic_name(stream->settings, partitions[i].topic, name);
        rd_kafka_topic_partition_t *added = rd_kafka_topic_partition_list_add(list, name, partitions[i].partition);
        added->offset = partitions[i].offset == OFFSET_NONE ? RD_KAFKA_OFFSET_BEGINNING : partitions[i].offset;
        set_transaction(added, partitions[i].transaction);
    }
    return list;
}
