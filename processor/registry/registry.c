/* registry/registry.c: two requests and two caches. */
#include "registry/registry.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buffer.h"
#include "codec/schemas.h"

#define TIMEOUT_MS 5000L
#define RESPONSE_BYTES_MAX ((size_t)2 * 1024 * 1024)
#define SCHEMA_NOT_FOUND 40403 /* Confluent's error_code */
#define RETRY_MS 1000

/* The id of a shipped schema under a topic's subject. */
struct known_id {
    const char *topic, *type;
    uint32_t id;
};

/* A writer's schema: its program, or why there is none. */
struct known_schema {
    uint32_t id;
    const struct record_type *type;
    struct avro_program *program; /* NULL: refused, or asked in vain not long ago */
    char refusal[256];
    int64_t retry_ms; /* 0: the refusal is final */
};

struct registry {
    char *url, *prefix;
    CURL *curl;
    struct buffer response;
    bool too_large;
    struct known_id *ids;
    size_t id_count, id_capacity;
    struct known_schema *schemas;
    size_t schema_count, schema_capacity;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct registry *registry = context;
    if (registry->response.size + size * count > RESPONSE_BYTES_MAX) {
        registry->too_large = true;
        return 0;
    }
    buffer_append(&registry->response, bytes, size * count);
    return size * count;
}

bool registry_open(const char *url, const char *topic_prefix, struct registry **ret_registry, struct error *error)
{
    struct registry *registry = memory_new(sizeof *registry);
    registry->url = memory_copy_string(url);
    registry->prefix = memory_copy_string(topic_prefix);
    for (size_t size = strlen(registry->url); size > 0 && registry->url[size - 1] == '/';)
        registry->url[--size] = '\0';
    registry->curl = curl_easy_init();
    if (!registry->curl) {
        registry_close(registry);
        return error_fail(error, ERROR_FAILED, "schema registry: libcurl does not start");
    }
    *ret_registry = registry;
    return true;
}

void registry_close(struct registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->schema_count; i++)
        avro_program_free(registry->schemas[i].program);
    curl_easy_cleanup(registry->curl);
    buffer_done(&registry->response);
    free(registry->ids);
    free(registry->schemas);
    free(registry->url);
    free(registry->prefix);
    free(registry);
}

/* What a request came to: an answer with its status, or nobody there. */
static bool request(struct registry *registry, const char *path, const char *body, long *status, struct error *error)
{
    struct buffer url = { 0 };
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/vnd.schemaregistry.v1+json");
    buffer_printf(&url, "%s%s", registry->url, path);
    buffer_clear(&registry->response);
    registry->too_large = false;
    curl_easy_reset(registry->curl);
    curl_easy_setopt(registry->curl, CURLOPT_URL, url.data);
    curl_easy_setopt(registry->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(registry->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(registry->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(registry->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(registry->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(registry->curl, CURLOPT_WRITEDATA, registry);
    if (body)
        curl_easy_setopt(registry->curl, CURLOPT_POSTFIELDS, body);
    CURLcode result = curl_easy_perform(registry->curl);
    curl_easy_getinfo(registry->curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    buffer_done(&url);
    if (result == CURLE_OK)
        return true;
    return error_fail(error, ERROR_FAILED, "schema registry: %s: %s", path,
                      registry->too_large ? "the answer is larger than 2 MiB" : curl_easy_strerror(result));
}

static json_t *response_json(const struct registry *registry)
{
    json_error_t reason;
    return json_loadb(registry->response.data ? registry->response.data : "", registry->response.size, 0, &reason);
}

/* ---- writing ---- */

static bool register_schema(struct registry *registry, const char *topic, const struct record_type *type, uint32_t *id,
                            struct error *error)
{
    char path[512];
    long status = 0;
    struct text schema = avro_schema_named(type->name);
    json_t *body = json_pack("{s:s%}", "schema", schema.data, schema.size);
    char *text = json_dumps(body, JSON_COMPACT);
    snprintf(path, sizeof path, "/subjects/%s%s-value/versions", registry->prefix, topic);
    bool done = request(registry, path, text, &status, error);
    json_t *answer = done ? response_json(registry) : NULL;
    json_t *number = json_object_get(answer, "id");
    json_int_t found = json_integer_value(number);
    if (done && (status != 200 || !json_is_integer(number) || found < 0 || found > UINT32_MAX))
        done = error_fail(error, ERROR_FAILED, "schema registry: %s: status %ld: %.*s", path, status,
                          (int)(registry->response.size < 300 ? registry->response.size : 300),
                          registry->response.data ? registry->response.data : "");
    if (done)
        *id = (uint32_t)found;
    json_decref(answer);
    json_decref(body);
    free(text);
    return done;
}

static bool id_of(void *context, const char *topic, const struct record_type *type, uint32_t *id, struct error *error)
{
    struct registry *registry = context;
    for (size_t i = 0; i < registry->id_count; i++) {
        if (strcmp(registry->ids[i].topic, topic) != 0 || strcmp(registry->ids[i].type, type->name) != 0)
            continue;
        *id = registry->ids[i].id;
        return true;
    }
    if (!register_schema(registry, topic, type, id, error))
        return false;
    registry->ids = memory_reserve_one(registry->ids, registry->id_count, &registry->id_capacity, sizeof *registry->ids);
    /* Topics and records are named by literals. */
    registry->ids[registry->id_count++] = (struct known_id){ topic, type->name, *id };
    return true;
}

/* ---- reading ---- */

static struct known_schema *schema_of(struct registry *registry, uint32_t id, const struct record_type *type)
{
    for (size_t i = 0; i < registry->schema_count; i++)
        if (registry->schemas[i].id == id && registry->schemas[i].type == type)
            return &registry->schemas[i];
    registry->schemas =
        memory_reserve_one(registry->schemas, registry->schema_count, &registry->schema_capacity, sizeof *registry->schemas);
    struct known_schema *added = &registry->schemas[registry->schema_count++];
    *added = (struct known_schema){ .id = id, .type = type, .retry_ms = 1 };
    return added;
}

static void compile_answer(const json_t *answer, struct known_schema *schema)
{
    struct error error = { 0 };
    const char *text = json_string_value(json_object_get(answer, "schema"));
    const char *kind = json_string_value(json_object_get(answer, "schemaType"));
    schema->retry_ms = 0;
    if (kind && strcmp(kind, "AVRO") != 0)
        snprintf(schema->refusal, sizeof schema->refusal, "schema %u is %.40s, expected AVRO", schema->id, kind);
    else if (!text)
        snprintf(schema->refusal, sizeof schema->refusal, "the registry's answer for schema %u has no schema", schema->id);
    else if (!avro_program_compile(text_of(text), schema->type, &schema->program, &error))
        snprintf(schema->refusal, sizeof schema->refusal, "schema %u: %.200s", schema->id, error.message);
}

/* Only the registry's own words are final: a proxy in between may say 200 or 404, too. */
static bool take_answer(long status, const json_t *answer, struct known_schema *schema)
{
    if (status == 200 && json_is_object(answer)) {
        compile_answer(answer, schema);
        return true;
    }
    if (status != 404 || json_integer_value(json_object_get(answer, "error_code")) != SCHEMA_NOT_FOUND)
        return false;
    schema->retry_ms = 0;
    snprintf(schema->refusal, sizeof schema->refusal, "the registry knows no schema %u", schema->id);
    return true;
}

/* Asks once; an outage is remembered for a moment, so that it does not hold up every record. */
static bool ask(struct registry *registry, struct known_schema *schema, struct error *error)
{
    char path[64];
    long status = 0;
    snprintf(path, sizeof path, "/schemas/ids/%u", schema->id);
    schema->retry_ms = now_ms() + RETRY_MS;
    if (!request(registry, path, NULL, &status, error))
        return false;
    json_t *answer = response_json(registry);
    bool done =
        take_answer(status, answer, schema) ||
        error_fail(error, ERROR_FAILED, "schema registry: %s: status %ld, and no answer of a registry", path, status);
    json_decref(answer);
    return done;
}

static enum wire_answer program_of(void *context, uint32_t id, const struct record_type *type,
                                   const struct avro_program **program, struct refusal *refusal, struct error *error)
{
    struct known_schema *schema = schema_of(context, id, type);
    if (!schema->program && schema->retry_ms > 0) {
        if (now_ms() < schema->retry_ms) {
            error_fail(error, ERROR_FAILED, "schema registry: no answer for schema %u yet", id);
            return WIRE_LATER;
        }
        if (!ask(context, schema, error))
            return WIRE_LATER;
    }
    if (!schema->program) {
        refuse(refusal, REFUSAL_MALFORMED, NULL, TEXT_NONE, "%s", schema->refusal);
        return WIRE_REFUSED;
    }
    *program = schema->program;
    return WIRE_DONE;
}

struct wire_schemas registry_port(struct registry *registry)
{
    return (struct wire_schemas){ registry, id_of, program_of };
}
