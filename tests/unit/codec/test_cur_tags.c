/* codec/cur_tags: headings of tags, and maps as several programs print them. */
#include "support/unit.h"

#include "codec/cur_tags.h"
#include "support/quotes.h"
#include "support/record_text.h"

static void headings_say_which_tags_they_hold(void **state)
{
    (void)state;
    static const struct {
        const char *heading;
        enum cur_tag_kind kind;
        const char *text;
    } rows[] = {
        { "resourceTags/user:Team", CUR_TAG_COLUMN, "user:Team" },
        { "RESOURCETAGS/user:Team", CUR_TAG_COLUMN, "user:Team" },
        { "resource_tags_user_team", CUR_TAG_COLUMN, "user_team" },
        { "costCategory/Dept", CUR_TAG_COLUMN, "costCategory/Dept" },
        { "cost_category_dept", CUR_TAG_COLUMN, "costCategory/dept" },
        { "accountTag/owner", CUR_TAG_COLUMN, "accountTag/owner" },
        { "account_tags_owner", CUR_TAG_COLUMN, "accountTag/owner" },
        { "resource_tags", CUR_TAG_MAP, "" },
        { "cost_category", CUR_TAG_MAP, "costCategory/" },
        { "tags", CUR_TAG_MAP, "tags/" },
        { "resourceTags/", CUR_TAG_NONE, "" },
        { "line_item_usage_type", CUR_TAG_NONE, "" },
        { "", CUR_TAG_NONE, "" },
    };
    struct arena names = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct cur_tag_column column = cur_tag_column_of(text_of(rows[i].heading), &names);
        if (column.kind != rows[i].kind || !text_equal(column.text, text_of(rows[i].text)))
            fail_msg("%s: %d %.*s", rows[i].heading, (int)column.kind, TEXT_ARGS(column.text));
    }
    arena_done(&names);
}

/* Tags of the maps of three columns, as record_text prints them; or "REASON". */
static const char *tags_of(const char *resource_tags, const char *cost_category, const char *tags)
{
    static struct buffer out;
    struct arena arena = { 0 };
    struct cur_tags found = { 0 };
    struct usage_event event = { 0 };
    struct refusal refusal = { 0 };
    const char *const headings[] = { "resource_tags", "cost_category", "tags" };
    const char *const maps[] = { resource_tags, cost_category, tags };
    bool done = true;
    cur_tags_begin(&found);
    for (size_t i = 0; i < ARRAY_COUNT(maps) && done; i++) {
        struct cur_tag_column column = cur_tag_column_of(text_of(headings[i]), &arena);
        done = !maps[i] || cur_tags_add_map(&found, &column, text_of(maps[i]), &arena, &refusal);
    }
    buffer_clear(&out);
    if (done && cur_tags_set(&found, &event, &arena, &refusal))
        record_text(&usage_event_type, &event, &out);
    else
        buffer_printf(&out, "%s", refusal_reason_text(refusal.reason));
    *buffer_reserve(&out, 1) = '\0';
    cur_tags_done(&found);
    arena_done(&arena);
    return out.data;
}

static void maps_are_read_as_each_program_prints_them(void **state)
{
    (void)state;
    static const struct {
        const char *map, *expected;
    } rows[] = {
        { "{}", "" },
        { "  ", "" },
        { " {} ", "" },
        { " {\"a\":\"b\"}\r\n", "tags=a:b" },
        { "\t{a=b} ", "tags=a:b" },
        { "null", "" },
        { "NULL", "" },
        { "{ }", "" },
        { "{\"user_team\":\"a\",\"aws_created_by\":\"b\"}", "tags=aws_created_by:b,user_team:a" },
        { "{\n  \"user_team\": \"a\"\n}", "tags=user_team:a" },
        { "{\"a\":\"\"}", "" },
        { "{\"a\":7}", "tags=a:7" },
        { "{\"a\":null}", "" },
        { "{\"a\":true}", "BAD_FIELD" },
        { "{\"a\":\"1\",\"a\":\"2\"}", "BAD_FIELD" },
        { "{\"a\"", "BAD_FIELD" },
        { "[]", "" },
        { "[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"b\",\"value\":null}]", "tags=a:1" },
        { "[1]", "BAD_FIELD" },
        { "{user_team=a, user_env=b}", "tags=user_env:b,user_team:a" },
        { "{user_team=a}", "tags=user_team:a" },
        { "{user_team=null, user_env=b}", "tags=user_env:b" },
        { "{user_team=, user_env=b}", "tags=user_env:b" },
        { "{user_url=http://x?a=b, user_env=b}", "tags=user_env:b,user_url:http%3a//x?a%3db" },
        { "{user_list=a, b and c, user_env=b}", "tags=user_env:b,user_list:a%2c%20b%20and%20c" },
        { "{user_note=x, y=z, user_env=b}", "tags=user_env:b,user_note:x%2c%20y%3dz" },
        { "{dept=x, y=z}", "tags=dept:x,y:z" },
        { "{user_name={braces}, user_env=b}", "tags=user_env:b,user_name:{braces}" },
        { "{user_team='a, user_env=c', user_env=b}", "tags=user_env:b,user_team:a%2c%20user_env%3dc" },
        { "{user_team='it\\'s', user_env=b}", "tags=user_env:b,user_team:it's" },
        { "{'user:team'=a}", "tags=user%3ateam:a" },
        { "{'user_team':'a','user_env':'b'}", "tags=user_env:b,user_team:a" },
        { "{user_team='}", "tags=user_team:'" },
        { "{no equals}", "BAD_FIELD" },
        { "{=a}", "BAD_FIELD" },
        { "{a=1, a=2}", "BAD_FIELD" },
        { "{", "BAD_FIELD" },
        { "a=1", "BAD_FIELD" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *found = tags_of(rows[i].map, NULL, NULL);
        if (strcmp(found, rows[i].expected) != 0)
            fail_msg("%s: %s, expected %s", rows[i].map, found, rows[i].expected);
    }
}

static void several_maps_make_one_set_each_kind_under_its_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *resource_tags, *cost_category, *tags, *expected;
    } rows[] = {
        { "{a=1}", "{Dept=X}", "{accountTag/owner=Z, userAttribute/y=2}",
          "tags=a:1,accountTag/owner:Z,costCategory/Dept:X,userAttribute/y:2" },
        { "{a=1}", NULL, "{resourceTags/a=1}", "tags=a:1" },
        { "{a=1}", NULL, "{resourceTags/a=2}", "BAD_FIELD" },
        { "{a=1}", "{a=2}", "{a=3}", "tags=a:1,costCategory/a:2,tags/a:3" },
        { NULL, "{Dept=X}", "{costCategory/Dept=X}", "tags=costCategory/Dept:X" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *found = tags_of(rows[i].resource_tags, rows[i].cost_category, rows[i].tags);
        if (strcmp(found, rows[i].expected) != 0)
            fail_msg("row %zu: %s, expected %s", i, found, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headings_say_which_tags_they_hold),
        cmocka_unit_test(maps_are_read_as_each_program_prints_them),
        cmocka_unit_test(several_maps_make_one_set_each_kind_under_its_prefix),
    };
    return cmocka_run_group_tests_name("codec/cur_tags", tests, NULL, NULL);
}
