/* settings/address: what is a host and a port, and what leads nowhere but home. Text alone decides. */
#include "support/unit.h"

#include "settings/property.h"

static void an_address_is_a_host_and_a_port(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool sound;
    } rows[] = {
        { "localhost:9464", true },
        { "h:1", true },
        { "Host-1.Example.ORG:9464", true },
        { "0.0.0.0:80", true },
        { "192.168.0.255:80", true },
        { "[::1]:80", true },
        { "[::]:80", true },
        { "[fe80::1]:80", true },
        { "[2001:DB8::192.0.2.1]:80", true },
        { "", false },
        { ":", false },
        { ":80", false },
        { "h", false },
        { "h:", false },
        { "[::1]", false },
        { "[::1]:", false },
        { "[]:80", false },
        { "::1:80", false }, /* where does the port begin? */
        { "h:80:81", false },
        { "[h]:80", false }, /* brackets are for colons */
        { "[127.0.0.1]:80", false },
        { "[::1:80", false },
        { "::1]:80", false },
        { "[[::1]]:80", false },
        { "a b:80", false },
        { " h:80", false },
        { "h :80", false },
        { "h:80 ", false },
        { "h:80\n", false },
        { "user@h:80", false },
        { "http://h:80", false },
        { "h/path:80", false },
        { "h_1:80", false },
        { "*:80", false },
        { "h\xc3\xb6st:80", false },
        { "fe80::1%eth0:80", false },
        { "[fe80::1%eth0]:80", false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect(rows[i].address, address_is_sound(text_of(rows[i].address)), rows[i].sound);
    expect("none", address_is_sound(TEXT_NONE), false);
    expect("a zero byte", address_is_sound(BYTES("h\0:80")), false);
}

static void expect_port(const char *port, bool taken)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]" };
    for (size_t i = 0; i < ARRAY_COUNT(hosts); i++) {
        char address[64];
        snprintf(address, sizeof address, "%s:%s", hosts[i], port);
        expect(address, address_is_sound(text_of(address)), taken);
        expect(address, address_is_loopback(text_of(address)), taken); /* all of them are at home */
    }
}

static void a_port_is_a_number_from_1_to_65535(void **state)
{
    (void)state;
    static const char *const taken[] = { "1", "80", "0080", "00001", "9464", "65535" };
    static const char *const refused[] = {
        "",   "0",   "00000", "65536", "99999", "000080", "100000",   "18446744073709551617", "-1", "+1", "1.",
        "8o", "80,", "0x50",  "http",  " 80",   "8 0",    "\xd9\xa1", /* a digit of another script */
    };
    for (size_t i = 0; i < ARRAY_COUNT(taken); i++)
        expect_port(taken[i], true);
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++)
        expect_port(refused[i], false);
}

static void only_what_cannot_lead_anywhere_else_is_loopback(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool loopback;
    } rows[] = {
        { "127.0.0.1:80", true },
        { "127.255.255.254:80", true },
        { "localhost:80", true },
        { "[::1]:80", true },
        { "", false },
        { "127.0.0.1", false }, /* no port: no address */
        { "localhost", false },
        { "[127.0.0.1]:80", false },
        { "0.0.0.0:80", false },
        { "[::]:80", false },
        { "126.255.255.255:80", false },
        { "128.0.0.1:80", false },
        { "12.7.0.0:80", false },
        { "1127.0.0.1:80", false },
        { "1270.0.0.1:80", false },
        { "127.0.0.-1:80", false },
        { "10.127.0.1:80", false },
        { "127.0.0.1.example.org:80", false },
        { "127.0.0.1.2:80", false },
        { "127.0.1:80", false },
        { "127:80", false },
        { "127.a.b.c:80", false },
        { "localhost.:80", false },
        { "localhost.example.org:80", false },
        { "notlocalhost:80", false },
        { "localhos:80", false },
        { "[::2]:80", false },
        { "[::1:0]:80", false },
        { "[1::1]:80", false },
        { "[fe80::1]:80", false },
        { "[::ffff:10.0.0.1]:80", false },
        { "::1:80", false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect(rows[i].address, address_is_loopback(text_of(rows[i].address)), rows[i].loopback);
    expect("none", address_is_loopback(TEXT_NONE), false);
    expect("a zero byte", address_is_loopback(BYTES("localhost\0:80")), false);
}

static void only_the_bytes_of_the_text_are_looked_at(void **state)
{
    (void)state;
    static const char longer[] = "localhost:94640";
    expect("one digit of the port", address_is_loopback((struct text){ longer, 11 }), true);
    expect("no digit of the port", address_is_loopback((struct text){ longer, 10 }), false);
    expect("no colon", address_is_sound((struct text){ longer, 9 }), false);
    expect("behind the first letters", address_is_loopback((struct text){ longer + 5, 10 }), false);
    expect("host:94640 is out of ports", address_is_sound((struct text){ longer + 5, 10 }), false);
    expect("host:9464 is not", address_is_sound((struct text){ longer + 5, 9 }), true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_a_host_and_a_port),
        cmocka_unit_test(a_port_is_a_number_from_1_to_65535),
        cmocka_unit_test(only_what_cannot_lead_anywhere_else_is_loopback),
        cmocka_unit_test(only_the_bytes_of_the_text_are_looked_at),
    };
    return cmocka_run_group_tests_name("settings/address", tests, NULL, NULL);
}
