/* settings/kafka_keys.c: what would break exactly-once or let a stranger in is refused, with the reason. */
#include "settings/kafka_keys.h"

const struct kafka_refusal kafka_refusals[] = {
    { "group.id", NULL, false, "set group.id, without kafka." },
    { "group.instance.id", NULL, false, "set instance.id, from which each worker gets its own" },
    { "session.timeout.ms", NULL, false, "set session.timeout" },
    { "transaction.timeout.ms", NULL, false, "set transaction.timeout" },
    { "metadata.broker.list", NULL, false, "set kafka.bootstrap.servers" },
    { "transactional.id", NULL, false,
      "each worker has its own, the same after a restart, so that a restart ends what a crash left open" },
    { "enable.idempotence", "true", false, "without it there are no transactions" },
    { "acks", "all", false, "a transaction must be on all replicas in sync" },
    { "request.required.acks", "all", false, "a transaction must be on all replicas in sync" },
    { "enable.auto.commit", NULL, false, "offsets are committed with the transaction, never beside it" },
    { "auto.commit.enable", NULL, false, "offsets are committed with the transaction, never beside it" },
    { "enable.auto.offset.store", NULL, false, "offsets are committed with the transaction, never beside it" },
    { "isolation.level", "read_committed", false, "records of aborted transactions would be priced" },
    { "auto.offset.reset", "error", false, "a silent jump would lose usage or price it twice" },
    { "partition.assignment.strategy", NULL, false, "the restore of partitions relies on eager assignment by range" },
    { "group.protocol", NULL, false, "the restore of partitions relies on the classic protocol" },
    { "enable.partition.eof", "true", false, "a restore ends at the end of its partition" },
    { "allow.auto.create.topics", "false", false, "proforma topics create makes topics; none is made on the fly" },
    { "test.mock.num.brokers", NULL, false, "the mock cluster keeps no transactions" },
    { "ssl.endpoint.identification.algorithm", "https", true,
      "anyone with any certificate could be the broker; insecure = true allows it" },
    { "enable.ssl.certificate.verification", "true", true, "anyone could be the broker; insecure = true allows it" },
    { "enable.sasl.oauthbearer.unsecure.jwt", "false", false, "anyone can write a token that is not signed" },
};
const size_t kafka_refusal_count = ARRAY_COUNT(kafka_refusals);

const struct kafka_refusal *kafka_key_refused(struct text name, struct text value, bool insecure)
{
    for (size_t i = 0; i < kafka_refusal_count; i++) {
        const struct kafka_refusal *refusal = &kafka_refusals[i];
        if (!text_equal(name, text_of(refusal->name)))
            continue;
        bool harmless =
            (refusal->allowed && text_equal(value, text_of(refusal->allowed))) || (refusal->insecure && insecure);
        return harmless ? NULL : refusal;
    }
    return NULL;
}

/* By parts of the name, so that a secret of a later librdkafka is one too. A public certificate that is hidden
 * because of its "pem" does no harm. */
bool kafka_key_is_secret(struct text name)
{
    static const char *const parts[] = { "password", "secret", "pem", "token", "jaas", "private", "oauthbearer.config" };
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
        if (text_contains(name, text_of(parts[i])) && !text_ends_with(name, TEXT(".url")))
            return true;
    return false;
}

bool kafka_key_is_name(struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return name.size > 0;
}
