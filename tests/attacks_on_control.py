"""Attacks on the control plane: tokens, containers, keys and calls of children, and what is shown."""

# ruff: noqa: E501 - an attack stands on a line

from __future__ import annotations

STRANGER = "rest/test_access::a_stranger_gets_401_and_nothing_is_asked"
BELOW = "rest/test_access::a_stranger_gets_401_below_children_too"
MATRIX = "rest/test_matrix::every_call_answers_every_caller_as_the_table_says"
FORT = "system/test_attacks"
CAPTURED = "rest/test_captured"
TREES = "system/test_trees"

CONTROL: dict[int, dict[str, str | tuple[str, ...]]] = {
    1: {
        "no token": (f"{STRANGER}[nobody]", f"{BELOW}[nobody]"),
        "nonsense": (f"{STRANGER}[nonsense]", f"{BELOW}[nonsense]", "test_identity::nonsense_is_denied"),
        "another scheme": (f"{STRANGER}[another scheme]", f"{BELOW}[another scheme]"),
        "a tampered token": (f"{STRANGER}[a tampered token]", "test_identity::a_changed_token_is_denied"),
        "a token of another key": (f"{STRANGER}[a token of another key]", f"{BELOW}[a token of another key]"),
        "an expired token": (f"{STRANGER}[an expired token]", f"{STRANGER}[a token that just expires]"),
        "a token of another root": (f"{STRANGER}[a token of another root]",),
        "a token of a child": (f"{STRANGER}[a token of a child]",),
        "a token that was taken back": (
            f"{STRANGER}[a token that was taken back]",
            "test_revocation::every_controller_of_a_tree_refuses_it_and_an_apply_keeps_the_list",
        ),
        "two spellings of a token": "test_identity::a_token_has_one_spelling",
        "a huge token": f"{STRANGER}[a huge token]",
        "an unsigned call": (f"{STRANGER}[an unsigned call]", f"{STRANGER}[half a signed call]"),
        "claims that make no sense": "test_identity::even_the_key_cannot_claim_what_makes_no_sense",
        "a role too small": ("rest/test_access::a_role_is_enough_or_it_is_403", MATRIX),
        "a role too small at a child": (
            "rest/test_access::the_same_roles_hold_for_a_child",
            "rest/test_tree::roles_hold_at_every_depth",
        ),
        "the same on a living tree": (
            f"{FORT}::a_token_that_is_not_quite_right_is_no_token",
            f"{TREES}::a_token_is_good_for_its_path_and_role_only",
            f"{TREES}::without_a_token_there_is_no_answer",
        ),
        "telling the absent from the forbidden": (
            "rest/test_access::absent_and_forbidden_look_alike_without_a_token"
        ),
        "another method": "rest/test_access::another_method_is_405_and_names_the_right_one",
        "a value of a secret by an operator": "rest/test_changes::values_need_an_admin_and_a_secret_that_is_there",
        "a form or a cookie of another site": (
            f"{CAPTURED}::a_page_of_another_site_changes_nothing_with_what_a_browser_sends_by_itself",
            "rest/test_view::no_other_site_reads_anything_by_default",
            "rest/test_view::being_named_opens_nothing_without_a_token",
        ),
        "one key for two requests": (
            "rest/test_changes::the_same_key_with_another_request_is_422_and_writes_nothing"
        ),
    },
    2: {
        "every container to every other one of its tree": (
            f"{TREES}::from_inside_only_the_own_stack_and_declared_interfaces_can_be_reached"
        ),
        "every container to those of another tree": (
            "system/test_strangers::every_container_reaches_its_own_stack_and_nobody_else"
        ),
        "a controller by way of a sibling's gateway": (
            f"{TREES}::a_sibling_child_answers_by_its_name_and_its_controller_does_not"
        ),
        "a network with a stranger on it": (
            f"{TREES}::every_network_holds_only_who_belongs_there",
            "test_topology::no_controller_is_on_a_sibling_network",
            "test_topology::only_proxies_stand_on_several_internal_networks",
        ),
        "rights of a container": f"{TREES}::containers_hold_no_more_rights_than_they_need",
        "rights that were added by hand": f"{FORT}::rights_that_were_added_by_hand_are_taken_back",
        "what only a sibling was granted": "test_carrying::a_stack_without_the_grant_reaches_nothing_above_at_any_gateway",
        "more than was granted": "system/test_bay::nothing_else_of_the_parent_can_be_reached_through_a_grant",
    },
    3: {
        "each face on each path": (
            "test_proxy_config::a_face_answers_what_it_lists_and_nothing_else",
            "test_topology::the_face_towards_a_child_answers_its_registration_only",
            "test_topology::only_the_family_face_reaches_controllers_beyond_a_registration",
        ),
        "the same with a spy where a child stands": (
            f"{FORT}::a_child_s_network_shows_nothing_of_the_parent_but_where_to_register"
        ),
        "a child's key on its parent": (
            "rest/test_access::a_childs_key_opens_nothing_of_its_parent",
            f"{CAPTURED}::a_childs_key_makes_no_call_to_its_parent_to_a_sibling_or_to_what_is_not_below",
        ),
        "keys derived upwards or sideways": (
            "test_identity::a_key_leads_only_downwards",
            "test_identity::keys_of_different_places_differ",
        ),
        "a captured call elsewhere": (
            f"{CAPTURED}::a_captured_call_is_good_for_the_stack_that_it_was_made_for",
            f"{FORT}::a_signed_call_opens_nothing_but_itself",
        ),
        "a captured call with another path, body or role": (
            "rest/test_access::a_signed_call_is_good_for_nothing_else",
            "test_identity::a_call_that_differs_in_anything_is_denied",
        ),
        "a captured call later": (
            f"{CAPTURED}::a_captured_call_is_old_after_half_a_minute",
            "test_identity::an_old_or_early_call_is_denied",
        ),
        "a grant that its signer has not": (
            "test_identity::nobody_grants_what_is_not_theirs",
            "rest/test_access::a_signed_call_never_opens_what_is_above_its_limit",
        ),
        "a seal of another kind": "test_identity::a_seal_of_one_kind_is_none_of_another",
        "registering twice": f"{CAPTURED}::registering_twice_is_registering_once",
        "registering as an ancestor": (
            f"{CAPTURED}::nobody_registers_as_an_ancestor_a_sibling_or_itself_from_further_down",
            f"{FORT}::a_child_registers_as_itself_and_as_nobody_else",
        ),
        "registering another name": "rest/test_access::a_child_registers_no_other_name",
        "registering a foreign address": (
            "test_kin::a_registration_with_another_address_is_refused_and_forgotten",
            f"{CAPTURED}::no_address_that_is_given_is_fetched",
        ),
        "a registration by anybody else": "rest/test_access::nobody_but_a_known_child_registers",
        "an answer that leads elsewhere": (
            "test_children::a_redirection_is_passed_on_and_never_followed",
            "rest/test_tree::a_child_leads_nobody_elsewhere",
            "test_children::a_hostile_answer_is_no_answer",
        ),
        "a proxy of the environment": "test_children::no_proxy_of_the_environment_is_used",
        "a token that goes down": "rest/test_tree::no_token_goes_down_and_a_limit_goes_with_the_call",
        "a configuration from anybody else": "test_gateway::an_answer_of_anybody_else_is_not_believed",
        "more than the parent grants, by an update": (
            "test_uses::an_update_of_a_child_may_need_what_its_parent_grants_and_nothing_else"
        ),
    },
    13: {
        "on the swarm": "test_hostile_readers::the_value_reaches_its_secret_and_nothing_else_on_the_swarm",
        "in every answer": "test_hostile_readers::no_answer_shows_it",
        "in refusals": "test_hostile_readers::neither_an_update_with_it_nor_its_refusal_repeats_it",
        "in what a crash leaves": "test_hostile_readers::a_crash_at_any_write_leaves_nothing_of_it_behind",
        "in everything that a living tree says": (
            "system/test_secrets::values_from_the_environment_and_from_files_are_found_nowhere",
            f"{TREES}::secret_values_are_found_nowhere",
        ),
        "in a source that cannot be read": "test_secrets_source::what_cannot_be_read_is_named_by_its_source",
        "in names": "test_sealing::the_name_tells_nothing_without_the_salt",
        "in plans and diffs": "test_diff::nothing_of_a_secret_is_ever_shown",
        "in revisions": "test_sealing::no_definition_holds_a_source_afterwards_at_any_depth",
        "in metrics": "test_metrics::no_value_of_a_secret_is_among_them",
        "credentials of registries": (
            "test_registries::nothing_that_can_be_read_shows_credentials",
            "system/test_registry::a_registry_with_a_password_serves_a_child_and_is_asked_once",
            "system/test_registry::the_password_stands_in_one_secret_and_nowhere_else",
        ),
        "keys of certificates": (
            "test_certificates::no_message_shows_anything_of_a_key",
            "system/test_tls::keys_of_certificates_are_found_nowhere",
        ),
        "keys of the key file": "test_keyring::nothing_prints_a_key",
        "a token in what a terminal shows": "cli/test_afar::a_token_never_shows_and_has_to_be_one",
        "a query in the log of a proxy": "test_proxy_config::the_log_tells_each_request_without_its_query",
        "an error that nobody foresaw": "rest/test_answers::an_unforeseen_error_tells_the_caller_nothing",
        "an idempotency key": "rest/test_changes::no_label_tells_the_key_or_what_was_asked",
    },
    14: {
        "escapes in a definition": (
            "test_mistakes::each_mistake_in_a_service_is_one_problem[control character]",
            "cli/test_commands::control_characters_in_a_file_are_shown_and_not_sent",
        ),
        "escapes in every view": "test_views::no_view_lets_a_control_character_through",
        "escapes in progress": "cli/test_progress::foreign_text_in_progress_is_harmless",
        "escapes in log lines": (
            "rest/test_logs::a_childs_log_passes_through_without_what_steers_a_terminal",
            f"{FORT}::what_a_service_writes_is_shown_and_not_obeyed",
        ),
        "escapes in answers": "rest/test_answers::json_shows_control_characters_and_obeys_none",
        "escapes in what controllers log": (
            "cli/test_containers::logs_of_controllers_are_harmless_lines_without_tracebacks"
        ),
        "text that turns the reading": "view/test_hostile::text_that_would_turn_the_reading_is_written_out",
        "events that end early": "rest/test_events::no_text_ends_an_event",
        "markup in a browser": (
            "view/test_hostile::nothing_that_a_stack_says_becomes_markup",
            "view/test_hostile::the_watch_sees_what_it_watches_for",
        ),
        "markup in Markdown": "test_views::markup_is_written_out_in_markdown",
        "answers of any shape": (
            "view/test_hostile::an_answer_of_any_shape_breaks_nothing",
            "view/test_hostile::a_tree_without_end_has_an_end_on_the_page",
        ),
        "script and style in the page": (
            "rest/test_view::the_shell_names_its_files_relatively_and_holds_no_script_or_style",
            "rest/test_view::the_shell_forbids_all_but_its_own",
            "view/test_page::no_script_can_make_markup_or_style_of_text",
        ),
        "another site around the page": "view/test_page::a_site_that_is_not_named_gets_nothing",
        "an answer taken for something else": (
            "rest/test_answers::every_answer_forbids_caching_sniffing_and_script"
        ),
        "a message that becomes a page": "test_answers::a_message_is_text_in_a_page",
    },
    15: {
        "a default token": "system/test_strangers::a_stack_that_publishes_nothing_has_no_default_way_in",
        "a key that two installs share": (
            "test_keyring::each_swarm_and_root_has_keys_of_its_own",
            "cli/test_on_a_swarm::a_token_needs_the_key_of_the_stack",
        ),
        "a file that others can read": (
            "test_keyring::the_file_is_readable_by_its_owner_only",
            "cli/test_commands::doctor_warns_of_a_key_file_that_others_can_read",
        ),
        "a port that nobody asked for": (
            "system/test_strangers::nothing_listens_outside_but_what_the_definition_publishes",
            f"{FORT}::only_the_edge_listens_outside",
            "test_topology::a_root_that_publishes_nothing_has_no_edge",
        ),
        "control through the edge unasked": (
            "test_proxy_config::the_edge_lets_control_calls_through_only_when_the_definition_says_so"
        ),
        "a way down through the edge": f"{TREES}::the_edge_lets_no_call_of_a_controller_through",
        "a network with a way out": (
            "test_topology::every_network_but_that_of_the_edge_and_the_ways_out_is_internal"
        ),
    },
}  # fmt: skip
