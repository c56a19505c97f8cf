/*
 * log/kafka_offsets.h: asks the leader of a partition where it begins and ends, and what came when.
 *
 * rd_kafka_query_watermark_offsets does the same, but while the leader is away and other brokers come and go it asks again
 * for as long as that lasts, whatever its timeout (librdkafka 2.0.2, and later ones).
 */
#ifndef LOG_KAFKA_OFFSETS_H
#define LOG_KAFKA_OFFSETS_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

/*
 * `place` is RD_KAFKA_OFFSET_BEGINNING, RD_KAFKA_OFFSET_END (that of the handle's isolation level), or a time in ms: then
 * *offset is that of the first record that is not older, -1 where there is none. While the answer does not come it looks for
 * another leader, until the timeout has passed.
 */
rd_kafka_resp_err_t kafka_ask_offset(rd_kafka_t *handle, const char *topic, int32_t partition, int64_t place, int timeout_ms,
                                     int64_t *offset);
/* Once, for who does not need the answer. */
rd_kafka_resp_err_t kafka_ask_offset_once(rd_kafka_t *handle, const char *topic, int32_t partition, int64_t place,
                                          int timeout_ms, int64_t *offset);

#endif
