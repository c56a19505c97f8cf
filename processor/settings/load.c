/* settings/load.c: defaults, then every entry in the order it was written, then what must hold between properties. */
#include "settings/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings/checks.h"
#include "settings/entries.h"
#include "settings/kafka_keys.h"
#include "settings/reference.h"

#define FILE_BYTES_MAX ((size_t)1024 * 1024)

struct loading {
    struct settings *settings;
    struct faults *faults;
    struct sources sources;
    struct buffer value; /* of one entry at a time */
    bool file_is_public;
};

static void set_defaults(struct settings *settings)
{
    for (size_t i = 0; i < property_count; i++) {
        const struct property *property = &properties[i];
        CHECK(property->kind == PROPERTY_KAFKA || property_set(property, text_of(property->standard), settings));
    }
}

static struct text without_kafka(struct text key)
{
    size_t prefix = sizeof "kafka." - 1;
    return (struct text){ key.data + prefix, key.size - prefix };
}

static bool is_kafka(struct text key)
{
    return text_starts_with(key, TEXT("kafka.")) && kafka_key_is_name(without_kafka(key));
}

static void fault_unknown(struct loading *loading, const struct entry *entry)
{
    const struct property *nearest = property_nearest(entry->key);
    if (nearest)
        fault_add(loading->faults, entry->origin, entry->key, "no such property; did you mean %s?", nearest->name);
    else
        fault_add(loading->faults, entry->origin, entry->key, "no such property; proforma run --help lists them");
}

/* Command lines are for every user to read, and so may be the file. */
static bool secret_is_open(const struct loading *loading, const struct entry *entry)
{
    if (entry->origin.line > 0 && !loading->file_is_public)
        return false;
    fault_add(loading->faults, entry->origin, entry->key,
              "a secret that every user of this machine may read; expected ${file:/path} or ${env:NAME}%s",
              entry->origin.line > 0 ? ", or a chmod o-r of this file" : "");
    return true;
}

static void add_kafka(struct settings *settings, struct text name, struct text value, bool secret)
{
    settings->kafka =
        memory_reserve_one(settings->kafka, settings->kafka_count, &settings->kafka_capacity, sizeof *settings->kafka);
    settings->kafka[settings->kafka_count++] = (struct settings_pair){
        .name = arena_copy_string(&settings->arena, name),
        .value = arena_copy_string(&settings->arena, value),
        .secret = secret,
    };
}

static bool take_kafka(struct loading *loading, const struct entry *entry, struct text value, bool secret)
{
    struct text name = without_kafka(entry->key);
    const struct kafka_refusal *refusal = kafka_key_refused(name, value, loading->settings->insecure);
    if (refusal) {
        fault_add(loading->faults, entry->origin, entry->key, "refused%s%s: %s", refusal->allowed ? " but for " : "",
                  refusal->allowed ? refusal->allowed : "", refusal->reason);
        return false;
    }
    /* Empty is librdkafka's own default, as the lines of the shipped file have it. */
    if (value.size > 0)
        add_kafka(loading->settings, name, value, secret);
    return true;
}

static bool take_property(struct loading *loading, const struct entry *entry, const struct property *property,
                          struct text value, bool hidden)
{
    if (property_set(property, value, loading->settings))
        return true;
    struct buffer expected = { 0 };
    property_expected(property, &expected);
    fault_add_value(loading->faults, entry->origin, entry->key, value, hidden, buffer_text(&expected));
    buffer_done(&expected);
    return false;
}

static bool take_entry(struct loading *loading, const struct entry *entry, const struct property *property)
{
    struct error error;
    bool referenced;
    bool kafka = is_kafka(entry->key);
    bool secret = (property && property->secret) || (kafka && kafka_key_is_secret(without_kafka(entry->key)));
    buffer_clear(&loading->value);
    if (!reference_resolve(entry->value, secret, &loading->value, &referenced, &error)) {
        fault_add(loading->faults, entry->origin, entry->key, "%s", error.message);
        return false;
    }
    struct text value = buffer_text(&loading->value);
    if (secret && !referenced && value.size > 0 && secret_is_open(loading, entry))
        return false;
    if (kafka)
        return take_kafka(loading, entry, value, secret || referenced);
    if (referenced)
        loading->settings->hidden |= UINT64_C(1) << property_index(property);
    return take_property(loading, entry, property, value, secret || referenced);
}

/* Kafka's properties come second: what is refused depends on `insecure`, wherever that stands. */
static void take_entries(struct loading *loading, const struct entries *entries, bool kafka)
{
    for (size_t i = 0; i < entries->count; i++) {
        const struct entry *entry = &entries->items[i];
        if (entry->overridden || is_kafka(entry->key) != kafka)
            continue;
        const struct property *property = property_find(entry->key);
        if (!property && !kafka) {
            fault_unknown(loading, entry);
            continue;
        }
        bool taken = take_entry(loading, entry, property);
        if (property)
            loading->sources.of_property[property_index(property)] =
                (struct source){ .origin = entry->origin, .given = true, .faulty = !taken };
    }
}

static void take_all(struct loading *loading, const struct entries *entries)
{
    const char *brokers = "bootstrap.servers";
    set_defaults(loading->settings);
    take_entries(loading, entries, false);
    take_entries(loading, entries, true);
    if (!settings_kafka(loading->settings, brokers))
        add_kafka(loading->settings, text_of(brokers), text_of(property_find(TEXT("kafka.bootstrap.servers"))->standard),
                  false);
    settings_check(loading->settings, &loading->sources, loading->faults);
    if (loading->value.data)
        explicit_bzero(loading->value.data, loading->value.capacity);
    buffer_done(&loading->value);
}

bool settings_load_text(struct text file, const char *path, bool is_public, const char *const *sets, size_t set_count,
                        struct settings *settings, struct buffer *problems, struct error *error)
{
    struct faults faults = { .out = problems };
    struct entries entries = { 0 };
    struct loading loading = { .settings = settings, .faults = &faults, .file_is_public = is_public };
    *settings = (struct settings){ 0 };
    entries_read(&entries, file, path, &faults);
    for (size_t i = 0; i < set_count; i++)
        entries_set(&entries, text_of(sets[i]), &faults);
    take_all(&loading, &entries);
    entries_done(&entries);
    if (faults.total == 0)
        return true;
    if (faults.total > FAULTS_KEPT)
        buffer_printf(problems, "and %zu more\n", faults.total - FAULTS_KEPT);
    settings_done(settings);
    return error_fail(error, ERROR_INVALID, "%zu fault%s in the settings", faults.total, faults.total == 1 ? "" : "s");
}

static bool read_file(int file, const char *path, struct buffer *out, struct error *error)
{
    for (;;) {
        ssize_t got = read(file, buffer_reserve(out, FILE_BYTES_MAX + 1), FILE_BYTES_MAX + 1);
        if (got < 0)
            return error_fail(error, ERROR_INVALID, "%s: cannot read: %s", path, strerror(errno));
        if (got == 0)
            return true;
        out->size += (size_t)got;
        if (out->size > FILE_BYTES_MAX)
            return error_fail(error, ERROR_INVALID, "%s: larger than %zu bytes", path, FILE_BYTES_MAX);
    }
}

bool settings_load(const char *path, const char *const *sets, size_t set_count, struct settings *settings,
                   struct buffer *problems, struct error *error)
{
    *settings = (struct settings){ 0 };
    if (!path)
        return settings_load_text(TEXT_NONE, "", false, sets, set_count, settings, problems, error);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return error_fail(error, ERROR_INVALID, "%s: cannot read: %s", path, strerror(errno));
    struct buffer bytes = { 0 };
    struct stat status;
    bool done = fstat(file, &status) == 0 ? read_file(file, path, &bytes, error)
                                          : error_fail(error, ERROR_INVALID, "%s: %s", path, strerror(errno));
    close(file);
    if (done)
        done = settings_load_text(buffer_text(&bytes), path, status.st_mode & S_IROTH, sets, set_count, settings, problems,
                                  error);
    if (bytes.data)
        explicit_bzero(bytes.data, bytes.capacity);
    buffer_done(&bytes);
    return done;
}
