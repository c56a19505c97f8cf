/* registry/registry.c: two requests and two caches. */
#include "registry/registry.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buffer.h"
#include "codec/schemas.h"
#include "registry/absent_ids.h"

#define TIMEOUT_MS 5000L
#define RESPONSE_BYTES_MAX ((size_t)2 * 1024 * 1024)
#define SCHEMA_NOT_FOUND 40403 /* Confluent's error_code */

/* The id of a shipped schema under a topic's subject. */
struct known_id {
    const char *topic, *type;
    uint32_t id;
};

/* A writer's schema: its program, or why it makes none. */
struct known_schema {
    uint32_t id;
    const struct record_type *type;
    struct avro_program *program; /* NULL: refused */
    char refusal[256];
};

struct registry {
    char *url, *prefix;
    char *username, *password; /* NULL: none */
    struct registry_login login;
    CURL *curl;
    struct buffer response;
    bool too_large;
    struct known_id *ids;
    size_t id_count, id_capacity;
    struct known_schema *schemas;
    size_t schema_count, schema_capacity;
    struct absent_ids absent;
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
    absent_ids_init(&registry->absent, now_ms());
    *ret_registry = registry;
    return true;
}

static char *copy_of(struct text text)
{
    char *copy = memory_new(text.size + 1);
    if (text.size)
        memcpy(copy, text.data, text.size);
    return copy;
}

void registry_set_login(struct registry *registry, const struct registry_login *login)
{
    registry->login = *login;
    if (login->username.size == 0)
        return;
    registry->username = copy_of(login->username);
    registry->password = copy_of(login->password);
}

static void wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
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
    free(registry->username);
    wipe(registry->password);
    free(registry);
}

static bool is_folder(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* NULL and empty alike: libcurl's own. */
static void set_option(CURL *curl, CURLoption option, const char *value)
{
    if (value && value[0])
        curl_easy_setopt(curl, option, value);
}

static void set_login(const struct registry *registry)
{
    const struct registry_login *login = &registry->login;
    CURL *curl = registry->curl;
    bool bearer = login->bearer_token && login->bearer_token[0], folder = login->ca_location && is_folder(login->ca_location);
    set_option(curl, CURLOPT_USERNAME, registry->username);
    set_option(curl, CURLOPT_PASSWORD, registry->password);
    set_option(curl, CURLOPT_XOAUTH2_BEARER, login->bearer_token);
    if (bearer)
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    set_option(curl, folder ? CURLOPT_CAPATH : CURLOPT_CAINFO, login->ca_location);
    set_option(curl, CURLOPT_SSLCERT, login->certificate_location);
    set_option(curl, CURLOPT_SSLKEY, login->key_location);
    set_option(curl, CURLOPT_KEYPASSWD, login->key_password);
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
    set_login(registry);
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

static const char *hint_of(long status)
{
    return status == 401 || status == 403 ? " (it does not let us in: basic.auth.user.info, bearer.auth.token or a certificate)" : "";
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
        done = error_fail(error, ERROR_FAILED, "schema registry: %s: status %ld%s: %.*s", path, status, hint_of(status),
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

static const struct known_schema *schema_of(const struct registry *registry, uint32_t id, const struct record_type *type)
{
    for (size_t i = 0; i < registry->schema_count; i++)
        if (registry->schemas[i].id == id && registry->schemas[i].type == type)
            return &registry->schemas[i];
    return NULL;
}

static void compile_answer(const json_t *answer, struct known_schema *schema)
{
    struct error error = { 0 };
    const char *text = json_string_value(json_object_get(answer, "schema"));
    const char *kind = json_string_value(json_object_get(answer, "schemaType"));
    if (kind && strcmp(kind, "AVRO") != 0)
        snprintf(schema->refusal, sizeof schema->refusal, "schema %u is %.40s, expected AVRO", schema->id, kind);
    else if (!text)
        snprintf(schema->refusal, sizeof schema->refusal, "the registry's answer for schema %u has no schema", schema->id);
    else if (!avro_program_compile(text_of(text), schema->type, &schema->program, &error))
        snprintf(schema->refusal, sizeof schema->refusal, "schema %u: %.200s", schema->id, error.message);
}

static void keep_answer(struct registry *registry, uint32_t id, const struct record_type *type, const json_t *answer)
{
    registry->schemas = memory_reserve_one(registry->schemas, registry->schema_count, &registry->schema_capacity,
                                           sizeof *registry->schemas);
    struct known_schema *added = &registry->schemas[registry->schema_count++];
    *added = (struct known_schema){ .id = id, .type = type };
    compile_answer(answer, added);
}

/* Only the registry's own words count: a proxy in between may say 200 or 404, too. */
static bool take_answer(struct registry *registry, uint32_t id, const struct record_type *type, long status,
                        const json_t *answer)
{
    if (status == 200 && json_is_object(answer)) {
        keep_answer(registry, id, type, answer);
        absent_ids_found(&registry->absent, id);
        return true;
    }
    if (status != 404 || json_integer_value(json_object_get(answer, "error_code")) != SCHEMA_NOT_FOUND)
        return false;
    absent_ids_missed(&registry->absent, id, now_ms());
    return true;
}

/* Asks once; an outage is remembered for a moment, so that it does not hold up every record. */
static bool ask(struct registry *registry, uint32_t id, const struct record_type *type, struct error *error)
{
    char path[64];
    long status = 0;
    snprintf(path, sizeof path, "/schemas/ids/%u", id);
    bool answered = request(registry, path, NULL, &status, error);
    json_t *answer = answered ? response_json(registry) : NULL;
    bool done = answered && (take_answer(registry, id, type, status, answer) ||
                             error_fail(error, ERROR_FAILED, "schema registry: %s: status %ld%s, and no answer of a registry",
                                        path, status, hint_of(status)));
    if (!done)
        absent_ids_unanswered(&registry->absent, id, now_ms());
    json_decref(answer);
    return done;
}

/* Asks where nothing is known, until something is. */
static enum wire_answer find_schema(struct registry *registry, uint32_t id, const struct record_type *type,
                                    const struct known_schema **schema, struct refusal *refusal, struct error *error)
{
    while (!(*schema = schema_of(registry, id, type))) {
        switch (absent_ids_look(&registry->absent, id, now_ms())) {
        case ABSENT_ASK:
            if (!ask(registry, id, type, error))
                return WIRE_LATER;
            break;
        case ABSENT_WAIT:
            error_fail(error, ERROR_FAILED, "schema registry: no answer for schema %u yet", id);
            return WIRE_LATER;
        case ABSENT_UNKNOWN:
            refuse(refusal, REFUSAL_MALFORMED, NULL, TEXT_NONE, "the registry knows no schema %u", id);
            return WIRE_REFUSED;
        }
    }
    return WIRE_DONE;
}

static enum wire_answer program_of(void *context, uint32_t id, const struct record_type *type,
                                   const struct avro_program **program, struct refusal *refusal, struct error *error)
{
    const struct known_schema *schema;
    enum wire_answer found = find_schema(context, id, type, &schema, refusal, error);
    if (found != WIRE_DONE)
        return found;
    *program = schema->program;
    if (schema->program)
        return WIRE_DONE;
    refuse(refusal, REFUSAL_MALFORMED, NULL, TEXT_NONE, "%s", schema->refusal);
    return WIRE_REFUSED;
}

struct wire_schemas registry_port(struct registry *registry)
{
    return (struct wire_schemas){ registry, id_of, program_of };
}
