"""What the standards ask of sessions, and what answers it: the rows of docs/standards.md."""

from enum import StrEnum
from typing import NamedTuple

__all__ = ["LINES", "Line", "Met", "Shown"]


class Met(StrEnum):
    DEFAULT = "default"
    OPTION = "option"
    APPLICATION = "application"


class Shown(NamedTuple):
    """A test, in its file."""

    file: str
    name: str


class Line(NamedTuple):
    part: str
    number: str
    asks: str
    met: Met
    how: str
    tests: tuple[Shown, ...] = ()


_V7 = "OWASP ASVS 5.0, V7: session management"
_V3 = "OWASP ASVS 5.0, V3.3: the cookie"
_NIST = "NIST SP 800-63B-4"
_RFC = "RFC 6265bis and RFC 9111"


def _in(file: str, *names: str) -> tuple[Shown, ...]:
    return tuple(Shown(f"tests/{file}.py", name) for name in names)


LINES = (
    Line(
        _V7,
        "7.1.1",
        "idle and maximum lifetime are documented, with reasons",
        Met.OPTION,
        "presets `AAL1` to `AAL3` that name their source",
        _in("session/test_timeouts", "test_the_presets_are_nist_s"),
    ),
    Line(
        _V7,
        "7.1.2",
        "how many sessions an account may have, and what happens then, is documented",
        Met.OPTION,
        "`sessions_per_owner` and `at_limit`",
        _in(
            "session/test_owners",
            "test_asvs_7_1_2_the_oldest_session_makes_room",
            "test_asvs_7_1_2_at_the_limit_a_sign_in_may_be_refused",
        ),
    ),
    Line(
        _V7,
        "7.1.3",
        "systems that share a sign-in, and how their lifetimes go together",
        Met.APPLICATION,
        "keep the provider's session id in the session, and `destroy_where` it on back-channel logout",
    ),
    Line(
        _V7,
        "7.2.1",
        "tokens are verified on the server",
        Met.DEFAULT,
        "a signature, then the row",
        _in(
            "session/test_identity",
            "test_threat_18_an_unknown_id_is_never_adopted",
            "test_threat_13_a_bad_cookie_reads_nothing",
        ),
    ),
    Line(
        _V7,
        "7.2.2",
        "tokens are made for each session",
        Met.DEFAULT,
        "one id for each, none is fixed",
        _in("session/test_model", "test_threats_20_23_24_random_visits_do_as_the_model"),
    ),
    Line(
        _V7,
        "7.2.3",
        "from a CSPRNG, 128 bits or more",
        Met.DEFAULT,
        "256 bits of `secrets`",
        _in("session/test_signing", "test_new_ids_have_256_random_bits"),
    ),
    Line(
        _V7,
        "7.2.4",
        "a new token at sign-in and at re-authentication, the old one dead",
        Met.DEFAULT,
        "with `owner`, by itself; `rotate()` and `reauthenticated()`",
        _in("session/test_owners", "test_threat_19_a_change_of_owner_rotates_by_itself")
        + _in("session/test_timeouts", "test_asvs_7_2_4_reauthentication_resets_both_timeouts"),
    ),
    Line(
        _V7,
        "7.3.1",
        "an idle timeout",
        Met.OPTION,
        "`idle_timeout`, on the server",
        _in("session/test_timeouts", "test_threat_28_an_idle_session_ends"),
    ),
    Line(
        _V7,
        "7.3.2",
        "an absolute lifetime",
        Met.OPTION,
        "`absolute_timeout`, on the server",
        _in(
            "session/test_timeouts",
            "test_threat_28_the_absolute_timeout_ends_however_much_it_is_used",
        ),
    ),
    Line(
        _V7,
        "7.4.1",
        "after logout or expiry nothing can be resumed",
        Met.DEFAULT,
        "the row is gone, the cookie deleted, personal pages in no cache",
        _in("session/test_identity", "test_case_7_the_cookie_is_deleted_as_it_was_set")
        + _in("session/test_caching", "test_threat_21_what_caches_are_told"),
    ),
    Line(
        _V7,
        "7.4.2",
        "all sessions end with the account",
        Met.OPTION,
        '`store.destroy_where("user.id", …)`',
        _in("session/test_identity", "test_case_15_log_out_everywhere_else"),
    ),
    Line(
        _V7,
        "7.4.3",
        "all others end after a change of password",
        Met.OPTION,
        "`destroy_where(…, keep=(session.id,))`",
        _in("session/test_identity", "test_case_15_log_out_everywhere_else"),
    ),
    Line(
        _V7,
        "7.4.4",
        "logout is easy to see on every page",
        Met.APPLICATION,
        "the demo and the examples do it",
    ),
    Line(
        _V7,
        "7.4.5",
        "administrators can end a user's sessions, or all",
        Met.OPTION,
        "`destroy_where` and `clear`",
        _in("session/test_identity", "test_case_15_log_out_everywhere_else"),
    ),
    Line(
        _V7,
        "7.5.1",
        "re-authenticate before changing what authenticates",
        Met.APPLICATION,
        "`authenticated_within(…)` asks",
        _in(
            "session/test_timeouts",
            "test_asvs_7_5_1_a_recent_proof_can_be_asked_for",
            "test_asvs_7_5_1_nothing_is_proved_after_sign_out",
        ),
    ),
    Line(
        _V7,
        "7.5.2",
        "users see their sessions and end any of them",
        Met.APPLICATION,
        "`find` and `destroy_many`; the demo and the examples show it",
    ),
    Line(
        _V7,
        "7.5.3",
        "re-authenticate before what is highly sensitive",
        Met.APPLICATION,
        "as 7.5.1",
        _in("session/test_timeouts", "test_asvs_7_5_1_a_recent_proof_can_be_asked_for"),
    ),
    Line(_V7, "7.6.1", "lifetimes between relying party and provider", Met.APPLICATION, "as 7.1.3"),
    Line(
        _V7,
        "7.6.2",
        "no session without the user's act",
        Met.DEFAULT,
        "who did nothing has none",
        _in("session/test_identity", "test_threat_22_a_flood_of_strangers_writes_nothing"),
    ),
    Line(
        _V3,
        "3.3.1",
        "`Secure`, and `__Host-` or `__Secure-` before the name",
        Met.OPTION,
        '`name="__Host-session"`, which makes it `Secure`',
        _in("session/test_identity", "test_one_word_makes_the_cookie_host_only")
        + _in(
            "session/test_cookie_options",
            "test_threat_15_a_prefix_enforces_its_rules",
            "test_a_prefix_makes_the_cookie_secure",
        ),
    ),
    Line(
        _V3,
        "3.3.2",
        "`SameSite` by purpose",
        Met.DEFAULT,
        "`Lax`",
        _in("session/test_cookie_options", "test_defaults"),
    ),
    Line(
        _V3,
        "3.3.3",
        "`__Host-` unless shared with other hosts",
        Met.OPTION,
        "as 3.3.1",
        _in("session/test_identity", "test_one_word_makes_the_cookie_host_only"),
    ),
    Line(
        _V3,
        "3.3.4",
        "`HttpOnly`, and the token in `Set-Cookie` only",
        Met.DEFAULT,
        "always, unless switched off",
        _in("session/test_cookie_options", "test_defaults"),
    ),
    Line(
        _V3,
        "3.3.5",
        "name and value under 4,096 bytes",
        Met.DEFAULT,
        "a name that long is refused; ids end at 255 bytes",
        _in("session/test_cookie_options", "test_a_name_too_long_for_browsers_is_refused"),
    ),
    Line(
        _NIST,
        "5.1",
        "a secret from an approved generator, 64 bits or more, dead at logout, timed out on the server",
        Met.DEFAULT,
        "as 7.2.3, 7.4.1 and 7.3",
        _in("session/test_signing", "test_new_ids_have_256_random_bits")
        + _in("session/test_lifetime", "test_threat_28_the_server_ends_the_session"),
    ),
    Line(
        _NIST,
        "5.1",
        "not kept across a restart of the browser",
        Met.DEFAULT,
        "without `max_age` the cookie ends with the browser",
        _in("session/test_cookie_writing", "test_attributes_stand_in_express_order"),
    ),
    Line(
        _NIST,
        "5.1",
        "no fall back to an insecure transport",
        Met.OPTION,
        '`cookie={"secure": True}`: never sent in the clear',
        _in("session/test_identity", "test_case_11_a_secure_cookie_over_plain_http"),
    ),
    Line(
        _NIST,
        "5.1",
        "a check against cross-site request forgery",
        Met.APPLICATION,
        "`csrf_token()` and `check_csrf(…)`, or the framework's own",
        _in("session/test_handler_calls", "test_a_form_token_is_the_session_s_own"),
    ),
    Line(
        _NIST,
        "5.1.1",
        "the cookie's attributes, and an opaque string without personal data",
        Met.OPTION,
        "as V3.3; the value is a random id and its signature",
        _in("session/test_identity", "test_one_word_makes_the_cookie_host_only"),
    ),
    Line(
        _NIST,
        "5.2",
        "activity resets the idle timeout, and what is no activity does not",
        Met.DEFAULT,
        "`no_activity()` for a poll; `time_left` to warn by",
        _in(
            "session/test_timeouts",
            "test_nist_5_2_a_poll_is_no_activity",
            "test_time_left_and_expires_agree",
        ),
    ),
    Line(
        _NIST,
        "5.2",
        "re-authentication resets both timeouts",
        Met.DEFAULT,
        "`reauthenticated()`",
        _in("session/test_timeouts", "test_asvs_7_2_4_reauthentication_resets_both_timeouts"),
    ),
    Line(
        _NIST,
        "2.1.3",
        "AAL1: 30 days overall",
        Met.OPTION,
        "`**AAL1`",
        _in("session/test_timeouts", "test_the_presets_are_nist_s"),
    ),
    Line(
        _NIST,
        "2.2.3",
        "AAL2: 24 hours overall, 1 hour idle",
        Met.OPTION,
        "`**AAL2`; the short cut after an idle hour is not offered",
        _in("session/test_timeouts", "test_the_presets_are_nist_s"),
    ),
    Line(
        _NIST,
        "2.3.3",
        "AAL3: 12 hours overall, 15 minutes idle",
        Met.OPTION,
        "`**AAL3`",
        _in("session/test_timeouts", "test_the_presets_are_nist_s"),
    ),
    Line(
        _NIST,
        "5.3",
        "monitoring of device and address, within a privacy assessment",
        Met.APPLICATION,
        "it may end or rotate the session at any request; nothing is recorded by default",
    ),
    Line(
        _RFC,
        "6265bis 4.1.3",
        "the rules of the prefixes `__Host-` and `__Secure-`",
        Met.DEFAULT,
        "checked when the application is built",
        _in("session/test_cookie_options", "test_threat_15_a_prefix_enforces_its_rules"),
    ),
    Line(
        _RFC,
        "6265bis 4.1.1",
        "the syntax of names and values",
        Met.DEFAULT,
        "checked when the application is built",
        _in(
            "session/test_cookie_options",
            "test_threat_17_a_name_that_breaks_the_header_is_refused",
            "test_threat_17_a_value_that_no_browser_takes_is_refused",
        ),
    ),
    Line(
        _RFC,
        "9111",
        "caches and answers that depend on a cookie",
        Met.DEFAULT,
        "`Vary: Cookie`, `no-store` or `private`",
        _in(
            "session/test_caching",
            "test_threat_21_any_access_varies_by_cookie",
            "test_the_handler_s_own_word_counts",
        ),
    ),
)
