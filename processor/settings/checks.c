/* settings/checks.c: a row a law. */
#include "settings/checks.h"

#include "settings/value.h"

/* librdkafka's message.max.bytes, and what a record of ours may be larger than the event it comes from. */
#define MESSAGE_BYTES_STANDARD 1000000
#define OUTPUT_EXTRA_BYTES (64 * 1024)

static bool commits_fit_into_transaction(const struct settings *settings)
{
    return settings->commit_interval_ms <= settings->transaction_timeout_ms / 5;
}

static bool shutdown_outlasts_transaction(const struct settings *settings)
{
    return settings->shutdown_timeout_ms >= settings->transaction_timeout_ms;
}

static bool ids_leave_memory(const struct settings *settings)
{
    return settings->dedup_memory_bytes <= settings->memory_limit_bytes / 2;
}

static bool listens_at_home(const struct settings *settings)
{
    return settings->http_allow_remote || settings->http_listen[0] == '\0' ||
           address_is_loopback(text_of(settings->http_listen));
}

/* A message.max.bytes that is no number is for librdkafka to refuse. */
static bool events_fit_into_messages(const struct settings *settings)
{
    int64_t message = MESSAGE_BYTES_STANDARD;
    const struct settings_pair *given = settings_kafka(settings, "message.max.bytes");
    if (given && !value_integer(text_of(given->value), &message))
        return true;
    return (int64_t)settings->event_max_bytes + OUTPUT_EXTRA_BYTES <= message;
}

static bool bearer_has_token(const struct settings *settings)
{
    const struct settings_pair *mechanism = settings_kafka(settings, "sasl.mechanisms");
    const struct settings_pair *method = settings_kafka(settings, "sasl.oauthbearer.method");
    return !mechanism || strcmp(mechanism->value, "OAUTHBEARER") != 0 || settings->oauth_token_file[0] != '\0' ||
           (method && strcmp(method->value, "oidc") == 0);
}

static bool is_at_home(const struct settings *settings)
{
    return address_is_loopback(text_of(settings->api_listen));
}

static bool strangers_have_keys(const struct settings *settings)
{
    return is_at_home(settings) || settings->api_credentials[0] != '\0';
}

static bool strangers_have_tls(const struct settings *settings)
{
    return is_at_home(settings) || settings->api_behind_proxy || settings->api_tls_certificate[0] != '\0';
}

static bool certificate_has_key(const struct settings *settings)
{
    return (settings->api_tls_certificate[0] == '\0') == (settings->api_tls_key[0] == '\0');
}

static const struct law {
    const char *name, *other;
    bool (*holds)(const struct settings *settings);
    const char *expected; /* followed by the other and its value */
    const char *reason;
} laws[] = {
    { "commit.interval", "transaction.timeout", commits_fit_into_transaction, "at most a fifth of",
      "a commit that meets a slow broker must still end in time" },
    { "shutdown.timeout", "transaction.timeout", shutdown_outlasts_transaction, "at least",
      "the last transaction must be able to end" },
    { "dedup.memory", "memory.limit", ids_leave_memory, "at most half of", "rows need the other half" },
    { "http.listen", "http.allow.remote", listens_at_home, "a loopback address, or true for",
      "whoever reaches it reads it: there is no login" },
    { "event.max.bytes", "kafka.message.max.bytes", events_fit_into_messages, "at most 64KiB less than",
      "outputs are that much larger than events" },
    { "api.listen", "api.credentials", strangers_have_keys, "a loopback address, or a file for",
      "without keys everyone is the payer" },
    { "api.listen", "api.tls.certificate", strangers_have_tls, "a loopback address, or api.behind.proxy, or a file for",
      "bills would cross the network in the clear" },
    { "api.tls.certificate", "api.tls.key", certificate_has_key, "both or neither of it and", "one is of no use alone" },
    { "oauth.token.file", "kafka.sasl.mechanisms", bearer_has_token, "a file for", "it logs in with a token" },
};

/* False: it is not to be told. */
static bool kafka_value(const struct settings *settings, const char *name, struct buffer *out)
{
    const struct settings_pair *given = settings_kafka(settings, name + sizeof "kafka." - 1);
    append_printable(out, given ? text_of(given->value) : TEXT("librdkafka's default"));
    return !given || !given->secret;
}

static void append_value(const struct settings *settings, const char *name, struct buffer *out)
{
    const struct property *property = property_find(text_of(name));
    struct buffer value = { 0 };
    bool shown;
    if (property && property->kind != PROPERTY_KAFKA) {
        property_get(property, settings, &value);
        shown = !(settings->hidden >> property_index(property) & 1);
    } else {
        shown = kafka_value(settings, name, &value);
    }
    if (shown)
        buffer_printf(out, "\"%.*s\"", TEXT_ARGS(buffer_text(&value)));
    else
        buffer_append_text(out, TEXT(HIDDEN));
    buffer_done(&value);
}

static struct source source_of(const struct sources *sources, const char *name)
{
    const struct property *property = property_find(text_of(name));
    return property ? sources->of_property[property_index(property)] : (struct source){ 0 };
}

static void tell(const struct settings *settings, const struct law *law, struct source source, bool is_default,
                 struct faults *faults)
{
    struct buffer text = { 0 };
    buffer_append_text(&text, TEXT("found "));
    append_value(settings, law->name, &text);
    buffer_printf(&text, "%s, expected %s %s, which is ", is_default ? " (the default)" : "", law->expected, law->other);
    append_value(settings, law->other, &text);
    buffer_printf(&text, ": %s", law->reason);
    fault_add(faults, source.origin, text_of(law->name), "%.*s", TEXT_ARGS(buffer_text(&text)));
    buffer_done(&text);
}

void settings_check(const struct settings *settings, const struct sources *sources, struct faults *faults)
{
    for (size_t i = 0; i < ARRAY_COUNT(laws); i++) {
        struct source source = source_of(sources, laws[i].name), other = source_of(sources, laws[i].other);
        if (source.faulty || other.faulty || laws[i].holds(settings))
            continue;
        /* Defaults keep the laws, so at least one of the two was set, and that is the line to look at. */
        tell(settings, &laws[i], source.given ? source : other, !source.given, faults);
    }
}
