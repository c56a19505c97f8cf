/* service/document_changes.c: by way of the document's JSON. */
#include "service/document_changes.h"

bool document_changes(const struct conductor_topic *topic, const struct document *document, const struct price_list *prices,
                      struct conductor_changes *changes, struct error *error)
{
    const struct conductor conductor = { .period = document->period };
    struct buffer json = { 0 };
    document_print(document, &json);
    struct input *input = input_from_memory(json.data, json.size, "document");
    bool done = conductor_changes_compute(topic, input, &conductor, prices, changes, error);
    input_close(input);
    buffer_done(&json);
    return done;
}
