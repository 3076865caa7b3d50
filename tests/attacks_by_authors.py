"""Attacks by whoever writes a definition, or a file beside it."""

# ruff: noqa: E501 - an attack stands on a line

from __future__ import annotations

YAML = "test_documents::what_is_not_accepted_is_named_with_its_line"
BOMB = "test_documents::bombs_are_refused_at_once"
ESCAPE = "test_templating::nothing_else_is_rendered"
COST = "test_templating::cost_bombs_are_refused_at_once"
JSON = "test_documents::json_is_read_strictly"
OUTSIDE = "test_loading::no_file_outside_is_read_and_none_makes_us_wait"
HARM = "test_hostile_authors::what_gives_the_host_or_others_away_is_refused"
HUGE = "test_hostile_authors::huge_values_are_refused_within_seconds_and_not_repeated"
GIVEN_AWAY = (
    "a bind of the host", "a bind in the long form", "a bind from a template", "the engine's socket", "a named pipe",
    "the volumes of others", "a volume that nobody declared", "a capability", "a capability of the network",
    "a capability in small letters", "all capabilities", "a capability from a template", "a device", "rules of devices",
    "a reserved device", "graphics processors", "privileges", "the host's processes", "another one's processes",
    "the host's memory", "the host's name", "the host's users", "the host's network", "another one's network",
    "the host's control groups", "another control group", "another runtime", "no confinement",
    "the host's credentials", "a mortal host", "a file of the host", "a log somewhere else", "a kernel that panics",
    "a pipe for dumps", "the host's memory limits", "a parameter behind a slash", "a parameter of a path",
    "a network of others", "a published port", "a label of ours", "a label of Docker's", "a mount beside the root",
    "an engine that is asked", "a volume of others", "a volume by its name", "a volume on the host",
    "a volume on a disk", "a config of others", "a config by its name", "a secret of others",
    "the key of the stack", "the seed of the stack", "a secret of another stack",
)  # fmt: skip

AUTHORS: dict[int, dict[str, str | tuple[str, ...]]] = {
    7: {
        "python tags": f"{YAML}[!!python/object/apply:os.system",
        "other tags": (f"{YAML}[!!binary", f"{YAML}[!!set"),
        "alias bombs": (f"{BOMB}[aliases", f"{BOMB}[tower of aliases"),
        "an alias of itself": (f"{YAML}[&a [*a]", f"{YAML}[a: *b"),
        "one huge text, many times": "test_hostile_authors::one_huge_text_is_not_repeated_a_thousand_times",
        "depth": (f"{BOMB}[lists", f"{BOMB}[mappings", f"{BOMB}[dashes", f"{YAML}[nested"),
        "duplicates": (f"{YAML}[a: 1\\nb: 2\\na: 3", f"{YAML}[a: {{b: 1, b: 2}}", f"{JSON}[\"a\": 1, \"a\": 2"),
        "many values": (f"{BOMB}[values", f"{HUGE}[many entries"),
        "huge scalars": (
            f"{HUGE}[an image", f"{HUGE}[a variable", f"{HUGE}[a key", f"{HUGE}[a command", f"{HUGE}[a route",
        ),
        "huge numbers": (f"{HUGE}[a number", f"{JSON}[text5"),
        "huge files": ("test_documents::a_file_may_be_only_so_large", "test_loading::files_may_be_only_so_large"),
        "two documents, odd keys, odd bytes": (
            f"{YAML}[second document", f"{YAML}[? [a, b]", "test_documents::bytes_have_to_be_utf_8",
        ),
        "any text at all": (
            "test_documents::any_text_is_read_or_refused",
            "test_mistakes::any_mapping_is_a_stack_or_a_list_of_problems",
            "test_templating::any_text_is_rendered_or_refused",
        ),
        "JSON of odd numbers and depth": (f"{JSON}[NaN", f"{JSON}[1e999", f"{JSON}[text1"),
        "schemas from elsewhere": (
            "test_schemas::no_schema_is_ever_fetched",
            "test_hostile_authors::a_reference_in_a_schema_is_never_followed",
        ),
        "patterns that never end": "test_schemas::no_pattern_can_be_made_slow",
        "Jinja: attributes": (f"{ESCAPE}[''.__class__", f"{ESCAPE}[''['__class__']", f"{ESCAPE}[attr('__class__')"),
        "Jinja: globals": (f"{ESCAPE}[cycler", f"{ESCAPE}[lipsum", f"{ESCAPE}[range", f"{ESCAPE}[joiner", f"{ESCAPE}[self"),
        "Jinja: calls and formats": (f"{ESCAPE}[s.format", f"{ESCAPE}[s.upper", f"{ESCAPE}[| format", f"{ESCAPE}[| map"),
        "Jinja: statements": (
            f"{ESCAPE}[{{% for", f"{ESCAPE}[{{% include", f"{ESCAPE}[{{% import", f"{ESCAPE}[{{% extends",
            f"{ESCAPE}[{{% macro", f"{ESCAPE}[{{% set", f"{ESCAPE}[{{% call", f"{ESCAPE}[{{% filter",
        ),
        "Jinja: growth": (f"{COST}[growing replace", f"{COST}[long text", f"{COST}[join", f"{ESCAPE}[n ** 2"),
        "Jinja: depth": (
            f"{COST}[parentheses", f"{COST}[negations", f"{COST}[filters", f"{COST}[conditions", f"{COST}[list",
        ),
        "Jinja: many small ones": (
            "test_templating::all_templates_of_a_definition_share_one_budget",
            "test_templating::a_definition_has_only_so_many_templates",
        ),
        "trees that grow": (
            "test_loading::a_tree_grows_only_so_large",
            "test_mistakes::stacks_are_nested_only_so_deep_and_so_many",
            "test_loading::a_definition_that_names_itself_is_a_problem",
        ),
        "compressed bombs": (
            "test_revisions::a_bomb_is_refused_before_it_is_unpacked",
            "test_hostile_authors::what_nobody_could_read_back_is_not_written",
        ),
        "a thousand mistakes": "test_mistakes::a_thousand_mistakes_are_not_all_listed",
        "a Compose file to be imported": "test_importing::whatever_comes_in_a_definition_or_an_error_comes_out",
    },
    8: {
        "a template in a value": "test_templating::a_value_is_never_rendered_itself",
        "a template in a variable of a play": "test_loading::a_value_is_never_rendered_itself",
        "a template handed down": (
            "test_definition::a_given_value_is_data_at_every_level",
            "test_definition::templates_keep_types_and_are_filled_once",
        ),
        "a template in a file": "test_loading::files_of_configs_are_copied_as_they_are",
        "a template around a value": "test_templating::text_around_a_value_does_not_make_it_a_template",
        "a template for the rendered files": (
            "test_templating::our_own_templates_write_values_as_json",
            "test_render::a_rendered_value_is_read_back_as_it_was",
        ),
        "the end of a raw text": f"{YAML}[endraw",
    },
    9: {
        "absolute": (f"{OUTSIDE}[/etc/passwd", f"{OUTSIDE}[~/x"),
        "upwards": (f"{OUTSIDE}[../../outside", f"{OUTSIDE}[../../../../.."),
        "links": (f"{OUTSIDE}[-link", f"{OUTSIDE}[-passwd", f"{OUTSIDE}[-loop"),
        "devices": (f"{OUTSIDE}[/dev/zero", f"{OUTSIDE}[/proc/self/environ"),
        "pipes, sockets, folders": (f"{OUTSIDE}[-fifo", f"{OUTSIDE}[-socket", f"{OUTSIDE}[-folder"),
        "odd letters": (f"{OUTSIDE}[a\\\\0b", f"{OUTSIDE}[a\\\\e[2Jb"),
        "sources of secrets": "test_secrets_source::what_cannot_be_read_is_named_by_its_source",
        "targets and files of values": "test_loading::a_target_has_to_be_a_plain_file",
        "the key file": "test_keyring::what_is_no_plain_file_is_an_error_and_never_waited_for",
        "a saved plan": (
            "cli/test_saved::a_file_that_is_none_of_ours_is_refused",
            "cli/test_saved::what_is_no_json_of_ours_is_refused",
        ),
        "a memory that others may write": "test_checked::a_memory_that_others_may_write_is_not_believed",
        "outside of a project": "test_loading::a_project_reaches_to_its_repository",
        "a file named over REST": (
            "test_mistakes::the_name_of_a_file_in_a_request_is_a_problem",
            "system/test_attacks::a_hostile_update_is_refused_quickly_and_writes_nothing",
        ),
        "a file where a starter would go": "cli/test_commands::init_writes_a_valid_file_and_never_over_another",
    },
    11: {
        **{name: f"{HARM}[-{name}" for name in GIVEN_AWAY},
        "every key of Compose, honoured or refused": (
            "test_corpus::each_key_of_a_service_is_honoured_or_refused_with_a_reason",
            "test_corpus::so_is_each_key_below",
            "test_corpus::so_is_each_kind_of_a_mount",
        ),
        "the same on a living tree, by an update": (
            "system/test_attacks::a_hostile_update_is_refused_quickly_and_writes_nothing",
            "test_hostile_authors::the_same_without_the_harm_is_taken",
        ),
        "what is not ours by its name": (
            "test_plan::a_name_that_a_stranger_holds_is_refused_and_nothing_is_written",
            "test_plan::what_another_controller_owns_is_refused",
            "test_properties::what_is_not_ours_is_never_touched",
        ),
        "labels that pretend to be ours": (
            "engine/test_reading::only_what_bears_all_our_labels_and_rightly_so_is_ours"
        ),
        "more services than may go, over REST": "test_pruning::an_update_over_rest_is_guarded_too",
        "a shell, or another program": "test_hostile_authors::no_shell_and_no_docker_client_is_ever_run",
    },
    12: {
        "case twins": (
            "test_mistakes::names_that_could_collide_or_confuse_are_refused[Web",
            "test_hostile_authors::a_path_that_could_be_taken_for_another_is_none",
        ),
        "too long, and joints": (
            "test_hostile_authors::no_two_paths_have_one_name_whatever_their_joints_and_lengths",
            "test_mistakes::names_that_could_collide_or_confuse_are_refused[a_b",
        ),
        "keys that meet a name of a child": (
            "test_mistakes::a_key_that_would_meet_a_name_of_the_child_is_refused",
            "test_specs::volumes_of_two_stacks_never_meet",
        ),
        "reserved names": "test_mistakes::reserved_names_are_refused",
        "candidates of releases": "test_releases::names_of_candidates_meet_no_other",
        "letters of other scripts": "test_mistakes::names_that_could_collide_or_confuse_are_refused[\\xe4",
        "two routes on one prefix": "test_mistakes::two_services_may_not_have_one_route",
        "the same key twice": f"{YAML}[a: {{b: 1, b: 2}}",
    },
}  # fmt: skip
