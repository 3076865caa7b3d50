"""Attacks by whoever can send bytes to an edge, a gateway or a controller."""

# ruff: noqa: E501 - an attack stands on a line

from __future__ import annotations

SERVER = "rest/test_server"
SLOW = f"{SERVER}::beside_a_hundred_slow_callers_an_honest_one_waits_for_nothing"
FLOOD = f"{SERVER}::a_flood_is_cut_off_and_takes_no_memory"
UNREAD = "rest/test_answers::what_cannot_be_read_is_refused_quickly"
FORT = "system/test_attacks"
CLEAR = "test_proxy_config::the_edge_lets_through_what_means_one_thing_only"
SMUGGLED = f"{FORT}::two_readings_of_one_request_are_none"
TRICKS = f"{FORT}::no_spelling_of_an_address_leads_to_a_controller_by_another_way"
PATH = "test_proxy_config::a_path_that_could_become_structure_is_refused"
HOST = "test_proxy_config::a_host_that_could_become_structure_is_refused"
WORD = "test_route_tables::a_hostile_word_never_reaches_a_configuration"
LINE = "test_mistakes::each_mistake_in_a_service_is_one_problem"

EDGE: dict[int, dict[str, str | tuple[str, ...]]] = {
    4: {
        "slow headers": (f"{SLOW}[headers that never end]", f"{SERVER}::a_caller_who_sends_a_byte_now_and_then_is_cut_off"),
        "slow bodies": f"{SLOW}[a body that never comes]",
        "slow chunks": f"{SLOW}[chunks that never end]",
        "connections that say nothing": f"{SLOW}[nothing at all]",
        "readers who do not read": f"{SERVER}::a_hundred_readers_who_do_not_read_are_cut_off",
        "a hundred logs and one more": "rest/test_logs::a_hundred_logs_at_once_and_no_more",
        "endless chunks": (f"{FLOOD}[endless chunks]", f"{FLOOD}[endless small chunks]"),
        "endless headers": f"{FLOOD}[endless headers]",
        "a huge body": (f"{FLOOD}[one huge body]", "rest/test_answers::a_wrong_length_is_refused"),
        "deep JSON": f"{UNREAD}[application/json-400",
        "JSON twice, not numbers, half letters": (f"{UNREAD}[NaN", f"{UNREAD}[1e999", f"{UNREAD}[ud800", f"{UNREAD}[999"),
        "another type of content": (f"{UNREAD}[text/plain", f"{UNREAD}[x-www-form-urlencoded"),
        "what is no request": f"{SERVER}::what_is_no_request_gets_a_problem_and_the_door",
        "hostile updates of a living tree": f"{FORT}::a_hostile_update_is_refused_quickly_and_writes_nothing",
        "all of it beside honest callers of a living tree": (
            f"{FORT}::slow_clients_and_many_readers_harm_nobody_else"
        ),
        "bytes that rest on a connection": "test_carrying::what_asks_for_no_events_is_cut_in_the_usual_time",
        "children that hang": (
            "test_kin::children_that_hang_take_no_more_than_the_budget_together",
            "test_children::a_slow_answer_takes_no_longer_than_the_budget",
        ),
        "an engine that hangs": "test_readers::a_look_that_hangs_holds_up_nobody_else_for_long",
        "eight requests at once with one key": "rest/test_changes::eight_at_once_with_one_key_write_one_revision",
    },
    5: {
        "two lengths": ("test_proxy_config::a_request_with_two_lengths_goes_nowhere", SMUGGLED),
        "length and chunks": SMUGGLED,
        "odd spaces and codings": SMUGGLED,
        "two hosts": SMUGGLED,
        "a wrong host": (
            "test_proxy_config::a_face_answers_what_it_lists_and_nothing_else",
            "test_edge::a_host_that_is_none_leads_nowhere",
            TRICKS,
        ),
        "dots in paths": (f"{CLEAR}[/../x", f"{CLEAR}[/a/./x"),
        "encoded dots": (f"{CLEAR}[%2e%2E", f"{CLEAR}[..%2fx"),
        "encoded prefixes": (f"{CLEAR}[%5fdown", f"{CLEAR}[%2f_down"),
        "backslashes and zeros": (f"{CLEAR}[\\", f"{CLEAR}[%00"),
        "line ends in paths": f"{CLEAR}[%0d%0a",
        "addresses with a host, stars": (f"{CLEAR}[host/", f"{CLEAR}[*-400"),
        "all spellings on a living tree": TRICKS,
        "paths out of the tree of controllers": (
            "rest/test_tree::no_path_leads_out_of_the_tree_or_makes_an_error",
            "rest/test_access::absent_is_404_for_whoever_may_see",
        ),
        "unknown and doubled parameters": (
            "rest/test_answers::an_unknown_parameter_is_an_error",
            "rest/test_answers::a_wrong_flag_does_not_update",
        ),
    },
    6: {
        "at the edge": "test_proxy_config::the_edge_says_itself_who_called",
        "at an edge with TLS": "test_edge::what_came_by_tls_is_told_to_the_gateway_and_forged_words_are_not",
        "by a service of the stack": "test_proxy_config::what_a_service_says_about_its_own_origin_is_replaced",
        "by a child that may use nothing": "test_proxy_config::a_service_below_is_heard_by_its_own_address",
        "by who calls a tcp route": (
            "test_proxy_config::a_tcp_route_lets_in_who_called_at_the_edge_by_its_own_address"
        ),
        "an address to be let in by": "test_proxy_config::a_route_lets_through_what_its_limits_allow",
        "down to the last gateway": (
            "test_carrying::who_calls_at_the_edge_is_told_down_to_the_last_gateway",
            "test_carrying::an_address_arrives_at_the_third_level_as_the_edge_saw_it",
        ),
        "on a living tree": (
            f"{FORT}::an_application_hears_only_what_the_edge_says_about_the_caller",
            "system/test_bay::the_address_of_the_caller_arrives_at_the_third_level_and_nothing_forged_does",
        ),
    },
    10: {
        "newlines in routes": (f"{PATH}[\\n", f"{LINE}[interface: {{\"/a\\\\n\""),
        "quotes in routes": (f"{PATH}[/a'b", f"{PATH}[/a\"b", f"{LINE}[interface: {{'/a\"'"),
        "comments in routes": (f"{PATH}[/a#b", f"{LINE}[interface: {{'/a#b'"),
        "braces in routes": f"{PATH}[/a{{b}}",
        "expressions in routes": (f"{PATH}[/%[src]", f"{LINE}[interface: {{'/%[src]'"),
        "spaces and backslashes in routes": (f"{PATH}[/a b", f"{PATH}[/a\\"),
        "dots in routes": (f"{PATH}[/a/../b", f"{LINE}[interface: {{/a/../b"),
        "a route to control": (f"{LINE}[interface: {{/_admin", f"{LINE}[interface: {{/x/_down/y"),
        "hosts": (f"{HOST}[%[src]", f"{HOST}[a#", f"{HOST}[a{{", f"{HOST}[a\\n", HOST),
        "values of headers": (f"{LINE}[{{X-A: '%[src]'}}", f"{LINE}[X-A: 'a\"b'", f"{LINE}[X-A: \"a\\\\nb\""),
        "names of headers": (f"{LINE}[{{X_A: b}}", f"{LINE}[{{Host: x}}", f"{LINE}[X-Forwarded-For"),
        "any hostile word in any place": WORD,
        "a hostile route that passed the schema": (
            "test_proxy_config::a_hostile_route_never_reaches_the_configuration"
        ),
        "messages and pages": (
            "test_route_tables::what_people_write_stands_in_files_alone",
            "test_answers::a_hostile_message_stands_in_no_configuration",
        ),
        "names of certificates": "test_edge::a_name_of_a_secret_that_could_become_structure_is_refused",
        "a configuration that means something else": (
            "test_route_tables::a_table_of_routes_is_accepted_and_means_the_same_read_back",
            "test_dispatch::the_map_read_back_is_the_rules",
        ),
        "a configuration that is none": (
            "test_proxy_config::haproxy_accepts_the_configuration_of_any_stack",
            "test_gateway::what_cannot_be_served_changes_nothing_and_is_told",
        ),
        "structure in rendered files": (
            "test_render::no_value_becomes_structure",
            "test_render::a_line_break_cannot_enter_an_environment_file",
        ),
    },
}  # fmt: skip
