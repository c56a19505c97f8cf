/* log/kafka_stream_errors.c: what librdkafka says, by what has to be done next. */
#include "log/kafka_stream_parts.h"

bool kafka_is_denied(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

/* In this order, as librdkafka wants it. */
enum stream_outcome kafka_outcome_of(rd_kafka_error_t *reason, const char *doing, struct error *error)
{
    if (!reason)
        return OUTCOME_DONE;
    error_fail(error, ERROR_FAILED, "kafka: %s: %s", doing, rd_kafka_error_string(reason));
    rd_kafka_resp_err_t code = rd_kafka_error_code(reason);
    enum stream_outcome outcome = OUTCOME_INDETERMINATE;
    if (kafka_is_denied(code))
        outcome = OUTCOME_REFUSED;
    else if (rd_kafka_error_txn_requires_abort(reason))
        outcome = OUTCOME_ABORT;
    else if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
             code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
        outcome = OUTCOME_FENCED;
    rd_kafka_error_destroy(reason);
    return outcome;
}

bool kafka_fail(struct error *error, const char *doing, rd_kafka_resp_err_t code)
{
    return error_fail(error, kafka_is_denied(code) ? ERROR_REFUSED : ERROR_FAILED, "kafka: %s: %s", doing,
                      rd_kafka_err2str(code));
}
