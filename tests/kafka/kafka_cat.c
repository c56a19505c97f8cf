/*
 * kafka/kafka_cat.c: topics of a broker to and from lines of JSON, for the integration tests.
 *
 *   kafka_cat create BOOTSTRAP TOPIC PARTITIONS [KEY=VALUE]...   a new topic and its configuration
 *   kafka_cat produce BOOTSTRAP TOPIC [--transactional ID [--abort]]
 *       reads {"key", "value" or "value_base64", "headers": {}, "partition", "timestamp"}, each optional, from standard
 *       input; ends when all are acknowledged
 *   kafka_cat consume BOOTSTRAP TOPIC [--uncommitted] [--from-beginning]
 *       prints {"partition", "offset", "key", "headers", "timestamp", "value_base64"} of every record from the
 *       beginning (with or without the word) up to the end; unless told otherwise committed records only, up to the
 *       first open transaction
 *   kafka_cat offsets BOOTSTRAP GROUP TOPIC                      {"partition", "offset"}: what the group committed
 *   kafka_cat commit BOOTSTRAP GROUP TOPIC PARTITION OFFSET      for a group without members
 *   kafka_cat delete-records BOOTSTRAP TOPIC PARTITION OFFSET   those before the offset; -1: all there are
 *   kafka_cat delete-group BOOTSTRAP GROUP                       a group without members, with what it committed
 *   kafka_cat grant BOOTSTRAP PRINCIPAL topic|group NAME OPERATION   an ACL; all, read, write, configs, describe
 *   kafka_cat watermarks BOOTSTRAP TOPIC                         {"partition", "low", "high"}
 *
 * A key or header is a string, null, or {"base64": "..."} where it is not UTF-8. Of headers of one name the last is
 * shown. The first trouble ends the program with status 1 and words: its memory is the system's to collect.
 */
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer than a broker takes to come back; a test has its own deadline. */
#define PATIENCE_MS 30000

struct bytes {
    void *data; /* NULL: there is none, which is not the same as none long */
    size_t size;
};

struct setting {
    const char *name, *value;
};

static struct {
    const char *transactional_id;
    bool abort, uncommitted;
} options;

static _Noreturn __attribute__((format(printf, 1, 2))) void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("kafka_cat: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void *allocate(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory)
        fail("no memory");
    return memory;
}

static void check(rd_kafka_resp_err_t code, const char *what)
{
    if (code)
        fail("%s: %s", what, rd_kafka_err2str(code));
}

static void check_error(rd_kafka_error_t *error, const char *what)
{
    if (error)
        fail("%s: %s", what, rd_kafka_error_string(error));
}

static json_t *base64_of(const void *data, size_t size)
{
    char *text = allocate(size / 3 * 4 + 5);
    EVP_EncodeBlock((unsigned char *)text, data, (int)size);
    json_t *string = json_string(text);
    free(text);
    return string;
}

static struct bytes of_base64(const char *text)
{
    size_t length = strlen(text), padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    struct bytes bytes = { allocate(length + 1), 0 };
    int size = EVP_DecodeBlock(bytes.data, (const unsigned char *)text, (int)length);
    if (size < 0 || length % 4 != 0)
        fail("not base64: %s", text);
    /* It counts the bytes that the padding stands for. */
    bytes.size = (size_t)size - padding;
    return bytes;
}

static json_t *text_of(const void *data, size_t size)
{
    json_t *string = data ? json_stringn(data, size) : json_null();
    return string ? string : json_pack("{s:o}", "base64", base64_of(data, size));
}

static struct bytes of_text(const json_t *text)
{
    const json_t *base64 = json_object_get(text, "base64");
    if (json_is_string(base64))
        return of_base64(json_string_value(base64));
    if (text && !json_is_string(text) && !json_is_null(text))
        fail("a key, value or header is neither a string, null nor {\"base64\": \"...\"}");
    if (!json_is_string(text))
        return (struct bytes){ 0 };
    struct bytes bytes = { allocate(json_string_length(text) + 1), json_string_length(text) };
    memcpy(bytes.data, json_string_value(text), bytes.size);
    return bytes;
}

static void print_line(json_t *line)
{
    if (!line || json_dumpf(line, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF)
        fail("cannot write a line");
    json_decref(line);
}

static void count_failure(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void)client;
    size_t *failures = opaque;
    if (message->err && (*failures)++ == 0)
        fprintf(stderr, "kafka_cat: a record is not acknowledged: %s\n", rd_kafka_err2str(message->err));
}

/* A setting without a name ends them; failures is where a producer counts. */
static rd_kafka_t *connect_to(rd_kafka_type_t type, const struct setting *settings, size_t *failures)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[512];
    for (; settings->name; settings++)
        if (rd_kafka_conf_set(conf, settings->name, settings->value, reason, sizeof reason) != RD_KAFKA_CONF_OK)
            fail("%s", reason);
    rd_kafka_conf_set_opaque(conf, failures);
    if (failures)
        rd_kafka_conf_set_dr_msg_cb(conf, count_failure);
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof reason);
    if (!client)
        fail("%s", reason);
    return client;
}

/* A topic that was made a moment ago may not be told of yet, and one of a broker that was just started not be led. */
static int32_t wait_for_partitions(rd_kafka_t *client, const char *topic)
{
    int32_t count = 0;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    for (int waited = 0, patience = 0; count == 0 && waited <= patience; waited += 50) {
        const struct rd_kafka_metadata *metadata;
        check(rd_kafka_metadata(client, 0, handle, &metadata, PATIENCE_MS), "metadata");
        const rd_kafka_metadata_topic_t *found = metadata->topics;
        bool known = metadata->topic_cnt == 1 && !found->err;
        count = known ? found->partition_cnt : 0;
        patience = known ? PATIENCE_MS : PATIENCE_MS / 15;
        for (int32_t i = count - 1; i >= 0; i--)
            if (found->partitions[i].leader < 0)
                count = 0;
        rd_kafka_metadata_destroy(metadata);
        if (count == 0)
            rd_kafka_poll(client, 50);
    }
    rd_kafka_topic_destroy(handle);
    if (count == 0)
        fail("%s: no such topic, or a partition of it has no leader", topic);
    return count;
}

static rd_kafka_topic_partition_list_t *all_partitions(rd_kafka_t *client, const char *topic, int64_t offset)
{
    int32_t count = wait_for_partitions(client, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int32_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = offset;
    return list;
}

static void create(const char *bootstrap, char **arguments)
{
    const struct setting settings[] = { { "bootstrap.servers", bootstrap }, { NULL, NULL } };
    char reason[512], *topic = arguments[0];
    rd_kafka_t *client = connect_to(RD_KAFKA_PRODUCER, settings, NULL);
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, atoi(arguments[1]), 1, reason, sizeof reason);
    if (!wanted)
        fail("%s: %s", topic, reason);
    for (char **pair = arguments + 2; *pair; pair++) {
        char *equals = strchr(*pair, '=');
        if (!equals)
            fail("%s: not KEY=VALUE", *pair);
        *equals = '\0';
        check(rd_kafka_NewTopic_set_config(wanted, *pair, equals + 1), *pair);
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_CreateTopics(client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * PATIENCE_MS);
    check(event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT, topic);
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    if (rd_kafka_topic_result_error(results[0]))
        fail("%s: %s", topic, rd_kafka_topic_result_error_string(results[0]));
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(wanted);
    rd_kafka_queue_destroy(queue);
    wait_for_partitions(client, topic);
    rd_kafka_destroy(client);
}

static rd_kafka_headers_t *headers_of(json_t *object)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(json_object_size(object));
    const char *name;
    json_t *text;
    json_object_foreach (object, name, text) {
        struct bytes value = of_text(text);
        check(rd_kafka_header_add(headers, name, -1, value.data, (ssize_t)value.size), name);
        free(value.data);
    }
    return headers;
}

static void produce_line(rd_kafka_t *client, const char *topic, const char *text, unsigned long number)
{
    json_error_t error;
    json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    json_t *key_text = NULL, *value_text = NULL, *base64 = NULL, *header_texts = NULL;
    int partition = RD_KAFKA_PARTITION_UA;
    json_int_t timestamp = 0; /* now */
    if (!line ||
        json_unpack_ex(line, &error, JSON_STRICT, "{s?o, s?o, s?o, s?o, s?i, s?I}", "key", &key_text, "value", &value_text,
                       "value_base64", &base64, "headers", &header_texts, "partition", &partition, "timestamp", &timestamp))
        fail("line %lu: %s", number, error.text);
    struct bytes key = of_text(key_text);
    struct bytes value = json_is_string(base64) ? of_base64(json_string_value(base64)) : of_text(value_text);
    rd_kafka_headers_t *headers = headers_of(header_texts);
    rd_kafka_resp_err_t code;
    do {
        /* It takes the headers only where it succeeds. */
        code = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data, key.size),
                                 RD_KAFKA_V_VALUE(value.data, value.size), RD_KAFKA_V_TIMESTAMP((int64_t)timestamp),
                                 RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        rd_kafka_poll(client, code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 100 : 0);
    } while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    check(code, "produce");
    free(key.data);
    free(value.data);
    json_decref(line);
}

static void produce(const char *bootstrap, char **arguments)
{
    const char *id = options.transactional_id;
    /* Keys go where the Java clients send them. A test that kills the broker does not wait five minutes. */
    const struct setting settings[] = { { "bootstrap.servers", bootstrap },     { "enable.idempotence", "true" },
                                        { "partitioner", "murmur2_random" },    { "message.timeout.ms", "30000" },
                                        { id ? "transactional.id" : NULL, id }, { NULL, NULL } };
    size_t failures = 0, capacity = 0;
    char *text = NULL;
    rd_kafka_t *client = connect_to(RD_KAFKA_PRODUCER, settings, &failures);
    if (id) {
        check_error(rd_kafka_init_transactions(client, PATIENCE_MS), "init_transactions");
        check_error(rd_kafka_begin_transaction(client), "begin_transaction");
    }
    for (unsigned long number = 1; getline(&text, &capacity, stdin) > 0; number++)
        produce_line(client, arguments[0], text, number);
    free(text);
    /* Before an abort too: the records shall be in the log, aborted, and not thrown away here. */
    check(rd_kafka_flush(client, PATIENCE_MS), "flush");
    if (failures)
        fail("%zu records are not acknowledged", failures);
    if (id && options.abort)
        check_error(rd_kafka_abort_transaction(client, PATIENCE_MS), "abort_transaction");
    else if (id)
        check_error(rd_kafka_commit_transaction(client, PATIENCE_MS), "commit_transaction");
    rd_kafka_destroy(client);
}

static void print_record(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    json_t *shown = json_object();
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char *name;
        const void *value;
        size_t size;
        for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
            json_object_set_new(shown, name, text_of(value, size));
    }
    print_line(json_pack("{s:i, s:I, s:o, s:o, s:I, s:o}", "partition", (int)message->partition, "offset",
                         (json_int_t)message->offset, "key", text_of(message->key, message->key_len), "headers", shown,
                         "timestamp", (json_int_t)rd_kafka_message_timestamp(message, NULL), "value_base64",
                         message->payload ? base64_of(message->payload, message->len) : json_null()));
}

static void consume(const char *bootstrap, char **arguments)
{
    const char *isolation = options.uncommitted ? "read_uncommitted" : "read_committed";
    /* assign() wants the name of a group, though none is joined and nothing is committed. */
    const struct setting settings[] = { { "bootstrap.servers", bootstrap }, { "group.id", "kafka_cat" },
                                        { "enable.auto.commit", "false" },  { "enable.partition.eof", "true" },
                                        { "auto.offset.reset", "error" },   { "isolation.level", isolation },
                                        { "fetch.wait.max.ms", "20" },      { NULL, NULL } };
    rd_kafka_t *client = connect_to(RD_KAFKA_CONSUMER, settings, NULL);
    check(rd_kafka_poll_set_consumer(client), "poll_set_consumer");
    rd_kafka_topic_partition_list_t *list = all_partitions(client, arguments[0], RD_KAFKA_OFFSET_BEGINNING);
    /* Others may write meanwhile: a partition whose end was seen is done, whatever comes after. */
    bool *done = allocate((size_t)list->cnt * sizeof *done);
    check(rd_kafka_assign(client, list), "assign");
    for (int left = list->cnt; left > 0;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client, PATIENCE_MS);
        bool end = message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (!message || (message->err && !end))
            fail("%s: %s", arguments[0], message ? rd_kafka_message_errstr(message) : "the broker does not answer");
        if (end) {
            left -= !done[message->partition];
            done[message->partition] = true;
        } else if (!done[message->partition]) {
            print_record(message);
        }
        rd_kafka_message_destroy(message);
    }
    free(done);
    rd_kafka_topic_partition_list_destroy(list);
    check(rd_kafka_consumer_close(client), "close");
    rd_kafka_destroy(client);
}

static void offsets(const char *bootstrap, char **arguments)
{
    const struct setting settings[] = { { "bootstrap.servers", bootstrap }, { "group.id", arguments[0] }, { NULL, NULL } };
    rd_kafka_t *client = connect_to(RD_KAFKA_CONSUMER, settings, NULL);
    rd_kafka_topic_partition_list_t *list = all_partitions(client, arguments[1], RD_KAFKA_OFFSET_INVALID);
    check(rd_kafka_committed(client, list, PATIENCE_MS), "committed");
    for (int i = 0; i < list->cnt; i++) {
        check(list->elems[i].err, "committed");
        json_int_t offset = list->elems[i].offset;
        print_line(json_pack("{s:i, s:o}", "partition", (int)list->elems[i].partition, "offset",
                             offset < 0 ? json_null() : json_integer(offset)));
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
}

static void commit(const char *bootstrap, char **arguments)
{
    const struct setting settings[] = { { "bootstrap.servers", bootstrap }, { "group.id", arguments[0] }, { NULL, NULL } };
    rd_kafka_t *client = connect_to(RD_KAFKA_CONSUMER, settings, NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, arguments[1], atoi(arguments[2]))->offset = atoll(arguments[3]);
    check(rd_kafka_commit(client, list, 0), "commit");
    check(list->elems[0].err, "commit");
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
}

static void watermarks(const char *bootstrap, char **arguments)
{
    const struct setting settings[] = { { "bootstrap.servers", bootstrap }, { NULL, NULL } };
    rd_kafka_t *client = connect_to(RD_KAFKA_PRODUCER, settings, NULL);
    int32_t count = wait_for_partitions(client, arguments[0]);
    for (int32_t i = 0; i < count; i++) {
        int64_t low, high;
        check(rd_kafka_query_watermark_offsets(client, arguments[0], i, &low, &high, PATIENCE_MS), "watermarks");
        print_line(json_pack("{s:i, s:I, s:I}", "partition", (int)i, "low", (json_int_t)low, "high", (json_int_t)high));
    }
    rd_kafka_destroy(client);
}

/* The answer to an admin request; the caller asked it of the queue. */
static rd_kafka_event_t *answer_of(rd_kafka_queue_t *queue, const char *what)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * PATIENCE_MS);
    check(event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    return event;
}

static void delete_records(const char *bootstrap, char **arguments)
{
    const struct setting settings[] = { { "bootstrap.servers", bootstrap }, { NULL, NULL } };
    rd_kafka_t *client = connect_to(RD_KAFKA_PRODUCER, settings, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    int64_t offset = atoll(arguments[2]);
    rd_kafka_topic_partition_list_add(list, arguments[0], atoi(arguments[1]))->offset =
        offset < 0 ? RD_KAFKA_OFFSET_END : offset;
    rd_kafka_DeleteRecords_t *wanted = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = answer_of(queue, arguments[0]);
    const rd_kafka_topic_partition_list_t *done =
        rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
    check(done->elems[0].err, arguments[0]);
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteRecords_destroy(wanted);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
}

static void delete_group(const char *bootstrap, char **arguments)
{
    const struct setting settings[] = { { "bootstrap.servers", bootstrap }, { NULL, NULL } };
    rd_kafka_t *client = connect_to(RD_KAFKA_PRODUCER, settings, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_DeleteGroup_t *wanted = rd_kafka_DeleteGroup_new(arguments[0]);
    rd_kafka_DeleteGroups(client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = answer_of(queue, arguments[0]);
    size_t count;
    const rd_kafka_group_result_t **results =
        rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count);
    check_error((rd_kafka_error_t *)(uintptr_t)rd_kafka_group_result_error(results[0]), arguments[0]);
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteGroup_destroy(wanted);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
}

static rd_kafka_AclOperation_t operation_of(const char *name)
{
    return strcmp(name, "all") == 0       ? RD_KAFKA_ACL_OPERATION_ALL
           : strcmp(name, "read") == 0    ? RD_KAFKA_ACL_OPERATION_READ
           : strcmp(name, "write") == 0   ? RD_KAFKA_ACL_OPERATION_WRITE
           : strcmp(name, "configs") == 0 ? RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS
                                          : RD_KAFKA_ACL_OPERATION_DESCRIBE;
}

static void grant(const char *bootstrap, char **arguments)
{
    const struct setting settings[] = { { "bootstrap.servers", bootstrap }, { NULL, NULL } };
    char reason[512];
    rd_kafka_t *client = connect_to(RD_KAFKA_PRODUCER, settings, NULL);
    bool is_group = strcmp(arguments[1], "group") == 0;
    rd_kafka_AclBinding_t *wanted = rd_kafka_AclBinding_new(
        is_group ? RD_KAFKA_RESOURCE_GROUP : RD_KAFKA_RESOURCE_TOPIC, arguments[2], RD_KAFKA_RESOURCE_PATTERN_LITERAL,
        arguments[0], "*", operation_of(arguments[3]), RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, reason, sizeof reason);
    if (!wanted)
        fail("%s: %s", arguments[2], reason);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_CreateAcls(client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * PATIENCE_MS);
    check(event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT, arguments[2]);
    size_t count;
    const rd_kafka_acl_result_t **results = rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &count);
    if (rd_kafka_acl_result_error(results[0]))
        fail("%s: %s", arguments[2], rd_kafka_error_string(rd_kafka_acl_result_error(results[0])));
    rd_kafka_event_destroy(event);
    rd_kafka_AclBinding_destroy(wanted);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        int fewest, most; /* arguments after BOOTSTRAP */
        void (*run)(const char *bootstrap, char **arguments);
    } commands[] = {
        { "create", 2, 100, create },           { "produce", 1, 1, produce }, { "consume", 1, 1, consume },
        { "offsets", 2, 2, offsets },           { "commit", 4, 4, commit },   { "delete-records", 3, 3, delete_records },
        { "delete-group", 1, 1, delete_group }, { "grant", 4, 4, grant },     { "watermarks", 1, 1, watermarks }
    };
    int kept = 0; /* what is no option moves to the front */
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--transactional") == 0 && i + 1 < count)
            options.transactional_id = arguments[++i];
        else if (strcmp(arguments[i], "--abort") == 0)
            options.abort = true;
        else if (strcmp(arguments[i], "--uncommitted") == 0)
            options.uncommitted = true;
        else if (strcmp(arguments[i], "--from-beginning") != 0)
            arguments[kept++] = arguments[i];
    }
    arguments[kept] = NULL;
    if (options.abort && !options.transactional_id)
        fail("--abort: there is no transaction without --transactional ID");
    for (size_t i = 0; kept >= 2 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(arguments[0], commands[i].name) != 0 || kept - 2 < commands[i].fewest || kept - 2 > commands[i].most)
            continue;
        commands[i].run(arguments[1], arguments + 2);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    fail("usage: create|produce|consume|offsets|commit|grant|watermarks BOOTSTRAP ...; the head of kafka_cat.c has all");
}
