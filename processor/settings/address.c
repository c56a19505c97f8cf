/* settings/address.c: "host:port", looked at as text: nothing is resolved. */
#include "settings/property.h"
#include "settings/value.h"

/* Cuts at the last colon; an IPv6 address stands in brackets, which go. */
static bool split(struct text address, struct text *host, int64_t *port)
{
    size_t colon = address.size;
    while (colon > 0 && address.data[colon - 1] != ':')
        colon--;
    if (colon < 2)
        return false;
    struct text digits = { address.data + colon, address.size - colon };
    *host = (struct text){ address.data, colon - 1 };
    bool brackets = host->size > 2 && host->data[0] == '[' && host->data[host->size - 1] == ']';
    if (brackets)
        *host = (struct text){ host->data + 1, host->size - 2 };
    return text_contains(*host, TEXT(":")) == brackets && digits.size <= 5 && value_integer(digits, port) && *port >= 1 &&
           *port <= 65535;
}

static bool host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':';
}

bool address_is_sound(struct text address)
{
    struct text host;
    int64_t port;
    if (!split(address, &host, &port))
        return false;
    for (size_t i = 0; i < host.size; i++)
        if (!host_character(host.data[i]))
            return false;
    return true;
}

/* 127.0.0.1 and its like, all four numbers: "127.example.org" is a name that may lead anywhere. */
static bool is_loopback_number(struct text host)
{
    unsigned dots = 0;
    for (size_t i = 0; i < host.size; i++) {
        dots += host.data[i] == '.';
        if (host.data[i] != '.' && (host.data[i] < '0' || host.data[i] > '9'))
            return false;
    }
    return dots == 3 && text_starts_with(host, TEXT("127."));
}

bool address_is_loopback(struct text address)
{
    struct text host;
    int64_t port;
    return split(address, &host, &port) &&
           (is_loopback_number(host) || text_equal(host, TEXT("localhost")) || text_equal(host, TEXT("::1")));
}
