/* cli/explain.c: proforma explain: a line item's cost, step by step, as a person would check it by hand. */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"
#include "codec/avro_file.h"
#include "codec/json_read.h"
#include "codec/record_reader.h"
#include "model/line_item.h"
#include "service/explanation.h"

#define LINE_BYTES_MAX ((size_t)1024 * 1024)

static const char explain_help[] = "usage: proforma explain LINE_ITEM_ID --out DIR\n"
                                   "       proforma explain LINE_ITEM_ID [--config FILE] [--set KEY=VALUE]...\n"
                                   "\n"
                                   "Shows how a line item came to its cost and does the sum again: one of an earlier\n"
                                   "`proforma price --out DIR`, or one of the line-items topic.\n";

/* A line item and what its texts live in. */
struct found_item {
    struct line_item item;
    struct arena arena;
    struct buffer scratch;
    bool found;
};

static bool find_in_jsonl(struct input *input, struct text id, struct found_item *found, struct error *error)
{
    struct record_reader *records = record_reader_new(input, LINE_BYTES_MAX, false);
    struct text line;
    uint64_t number;
    bool done = true;
    while (done && !found->found && record_reader_next(records, &line, &number) == RECORD_OK) {
        if (!text_contains(line, id))
            continue;
        done = json_read_record(line, &line_item_type, &found->item, &found->arena, &found->scratch, error);
        found->found = done && text_equal(found->item.line_item_id, id);
    }
    record_reader_free(records);
    return done;
}

static bool find_in_avro(struct input *input, struct text id, struct found_item *found, struct error *error)
{
    struct avro_file_options options = { 0 };
    struct avro_file *file;
    struct refusal refusal;
    if (!avro_file_open(input, &line_item_type, &options, &file, error))
        return false;
    enum avro_file_status status = AVRO_FILE_RECORD;
    while (!found->found && status == AVRO_FILE_RECORD) {
        arena_reset(&found->arena);
        status = avro_file_next(file, &found->item, &found->arena, &refusal, error);
        found->found = status == AVRO_FILE_RECORD && text_equal(found->item.line_item_id, id);
    }
    /* Texts live in the file's block: they are taken over before it goes. */
    for (size_t i = 0; i < line_item_type.field_count && found->found; i++) {
        if (line_item_type.fields[i].kind != FIELD_TEXT || !record_has(&found->item, i))
            continue;
        struct text *member = record_member(&found->item, &line_item_type.fields[i]);
        *member = arena_copy(&found->arena, *member);
    }
    avro_file_close(file);
    if (status == AVRO_FILE_REFUSED || status == AVRO_FILE_TRUNCATED)
        return error_fail(error, ERROR_FAILED, "%s: %s", input_name(input), refusal.detail);
    return status != AVRO_FILE_FAILED;
}

static bool find_item(const char *directory, struct text id, struct found_item *found, struct error *error)
{
    static const struct {
        const char *name;
        bool (*find)(struct input *, struct text, struct found_item *, struct error *);
    } files[] = { { "line-items.jsonl", find_in_jsonl }, { "line-items.avro", find_in_avro } };
    struct buffer path = { 0 };
    struct input *input = NULL;
    bool done = false;
    for (size_t i = 0; i < ARRAY_COUNT(files) && !input; i++) {
        buffer_clear(&path);
        buffer_printf(&path, "%s/%s", directory, files[i].name);
        if (input_open(path.data, &input, error))
            done = files[i].find(input, id, found, error);
    }
    if (!input)
        error_fail(error, ERROR_FAILED, "%s: holds no line-items.jsonl or line-items.avro", directory);
    input_close(input);
    buffer_done(&path);
    if (done && !found->found)
        return error_fail(error, ERROR_FAILED, "%s: no line item %.*s", directory, TEXT_ARGS(id));
    return done;
}

/* ---- in the topic ---- */

struct topic_search {
    struct connection *connection;
    struct text id;
    struct found_item *found;
};

/* The last version counts; its texts are kept until the next one. */
static bool take_from_topic(void *context, const struct stream_record *record, struct error *error)
{
    struct topic_search *search = context;
    struct found_item *found = search->found;
    struct refusal refusal;
    if (!text_equal(record->key, search->id))
        return true;
    arena_reset(&found->arena);
    found->found = !record->is_null;
    if (record->is_null)
        return true;
    struct text kept = arena_copy(&found->arena, record->value);
    return wire_decode(search->connection->wire, &line_item_type, kept, &found->item, &found->arena, &refusal, error) ==
               WIRE_DONE ||
           error_fail(error, ERROR_FAILED, "line-items partition %d, offset %lld: no line item", record->partition,
                      (long long)record->offset);
}

/* The first three letters of an id name the task, and so the partition. */
static bool task_of_id(struct text id, int32_t *task)
{
    *task = 0;
    for (size_t i = 0; i < LINE_ITEM_TASK_LETTERS; i++) {
        char letter = id.size == LINE_ITEM_ID_LETTERS ? id.data[i] : '\0';
        if (letter >= 'a' && letter <= 'z')
            *task = *task * 32 + letter - 'a';
        else if (letter >= '2' && letter <= '7')
            *task = *task * 32 + letter - '2' + 26;
        else
            return false;
    }
    return true;
}

static bool find_in_topic(const struct arguments *arguments, struct connection *connection, struct text id,
                          struct found_item *found, struct error *error)
{
    struct topic_search search = { connection, id, found };
    int32_t task;
    if (!task_of_id(id, &task))
        return error_fail(error, ERROR_INVALID, "%.*s: no line item id; expected %d letters of a-z and 2-7", TEXT_ARGS(id),
                          LINE_ITEM_ID_LETTERS);
    if (!connection_settings(arguments, connection, error) || !connection_open(connection, "explain", error))
        return false;
    if (task >= connection->stream->ops->partition_count(connection->stream, STREAM_LINE_ITEMS))
        return error_fail(error, ERROR_FAILED, "no line item %.*s: there is no task %d", TEXT_ARGS(id), task);
    if (!connection_read(connection, STREAM_LINE_ITEMS, task, take_from_topic, &search, error))
        return false;
    return found->found || error_fail(error, ERROR_FAILED, "no line item %.*s in the topic", TEXT_ARGS(id));
}

int command_explain(int argc, char **argv)
{
    struct arguments arguments;
    struct error error = { 0 };
    struct found_item found = { 0 };
    struct connection connection = { 0 };
    bool done = arguments_parse(argc, argv, OPTION_OUT | OPTION_SETTINGS, &arguments, &error);
    if (done && arguments.help) {
        fputs(explain_help, stdout);
        return EXIT_DONE;
    }
    if (done && arguments.operand_count != 1)
        done = error_fail(&error, ERROR_INVALID, "LINE_ITEM_ID is needed");
    struct text id = text_of(done ? arguments.operands[0] : NULL);
    done = done && (arguments.out ? find_item(arguments.out, id, &found, &error)
                                  : find_in_topic(&arguments, &connection, id, &found, &error));
    int code = EXIT_DONE;
    if (done) {
        struct buffer text = { 0 };
        code = explanation_write(&found.item, EXPLAIN_TO_PAYER, &text) ? EXIT_DONE : EXIT_FAILED;
        fwrite(text.data, 1, text.size, stdout);
        buffer_done(&text);
    } else {
        code = print_failure("explain", &error);
    }
    arena_done(&found.arena);
    buffer_done(&found.scratch);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
