"""The demo's pages, as a visitor uses them."""

import re

import pytest
from visitor import COOKIE, FIREFOX, IPHONE

from demo.pages import router


def figures(visitor):
    """The figures of the store, by name."""
    html = visitor.client.get(visitor.url + "figures").text
    return {name: int(count) for name, count in re.findall(r"<dt>(\w+)</dt><dd>(\d+)<", html)}


def test_a_visitor_signs_in_with_one_button(visitor):
    """One press of a made-up person's button, and the page knows that person."""
    browser = visitor()
    assert "demo without passwords" in browser.text
    browser.press("Mira Okafor")
    assert "Hello Mira Okafor" in browser.text
    browser.press("Sign out")


def test_any_name_signs_in(visitor):
    """A typed name signs in too, however it is written the second time."""
    visitor().sign_in("Zoë  Ångström ")
    browser = visitor().sign_in("zoë ångström")
    assert "Hello zoë ångström" in browser.text
    assert 2 == browser.text.count("Firefox on Linux signed in") + browser.text.count("this one")


def test_every_form_redirects(visitor):
    """Reloading after a form sends nothing again."""
    browser = visitor()
    for response in (
        browser.press("Sign in", name="reload"),
        browser.press("Add note", text="once"),
        browser.press("Delete this note"),
        browser.press("One Teapot more"),
        browser.press("Sign out"),
    ):
        assert [303] == [each.status_code for each in response.history]
        assert "GET" == response.request.method


def test_notes_stay_until_deleted(visitor):
    """A note is there on the next page, and gone once deleted; the others stay."""
    browser = visitor().sign_in("notes")
    browser.press("Add note", text="first")
    browser.press("Add note", text="second")
    browser.open("/")
    assert "first" in browser.text
    browser.press("Delete this note")
    assert ("first" in browser.text, "second" in browser.text) == (False, True)


def test_markup_is_text(visitor):
    """What people type is shown as they typed it, and never becomes part of the page."""
    browser = visitor(user_agent="<i>agent</i>").sign_in("<u>name</u>")
    browser.press("Add note", text='<script>"note"</script>')
    assert '<script>"note"</script>' in browser.text
    assert "<u>name</u>" in browser.text
    assert "<i>agent<" in browser.text
    assert set() == browser.page.tags & {"script", "u", "i"}


def test_the_cart_comes_along_at_sign_in(visitor):
    """What a visitor put into the cart is there after signing in, under a new session id."""
    browser = visitor()
    browser.press("One Teapot more")
    before = browser.sid
    browser.sign_in("cart")
    assert "Total 24.00 €" in browser.text
    assert before
    assert browser.sid not in (None, before)


def test_the_old_id_is_dead_after_sign_in(visitor):
    """A cookie planted before somebody signs in opens nothing afterwards."""
    browser, thief = visitor(), visitor()
    browser.press("One Teapot more")
    thief.client.cookies.update(browser.client.cookies)
    browser.sign_in("planted")
    thief.open("/")
    assert "Hello" not in thief.text


def test_a_visitor_who_does_nothing_leaves_nothing(visitor):
    """Looking around makes no session and no cookie, and an emptied cart leaves none either."""
    browser = visitor()
    before = figures(browser)["sessions"]
    assert COOKIE not in browser.client.cookies
    browser.press("One Notebook, dotted more")
    assert before + 1 == figures(browser)["sessions"]
    browser.press("One Notebook, dotted less")
    assert before == figures(browser)["sessions"]
    assert COOKIE not in browser.client.cookies


def test_the_list_of_browsers(visitor):
    """Each browser of a person is listed by its name, and the one at hand is marked."""
    visitor(user_agent=IPHONE).sign_in("two browsers")
    browser = visitor(user_agent=FIREFOX).sign_in("two browsers")
    assert re.search(
        r"Firefox on Linux this one .*Safari on iPhone signed in just now", browser.text
    )


def test_signing_out_the_others(visitor):
    """One button signs out the person's other browsers, nobody else, and not this one."""
    phone, laptop = visitor(user_agent=IPHONE).sign_in("others"), visitor().sign_in("others")
    somebody = visitor().sign_in("somebody else")
    laptop.press("Sign out the others")
    assert "1 other browser is signed out" in laptop.text
    assert "Hello others" in laptop.text
    phone.open("/")
    somebody.open("/")
    assert ("Hello" in phone.text, "Hello" in somebody.text) == (False, True)


def test_a_copied_cookie_dies_with_the_others(visitor):
    """Signing out the others ends also a copy of this browser's own cookie."""
    browser, thief = visitor().sign_in("copied"), visitor()
    thief.client.cookies.update(browser.client.cookies)
    thief.open("/")
    assert "Hello copied" in thief.text
    visitor().sign_in("copied")
    browser.open("/")
    browser.press("Sign out the others")
    thief.open("/")
    assert "Hello" not in thief.text


def test_signing_out_one_other(visitor):
    """Each other browser has a button of its own, which signs out that one only."""
    phone, laptop = visitor(user_agent=IPHONE).sign_in("one"), visitor().sign_in("one")
    curl = visitor(user_agent="curl/8.0").sign_in("one")
    curl.press("Sign out Safari on iPhone")
    assert "That browser is signed out" in curl.text
    phone.open("/")
    laptop.open("/")
    assert ("Hello" in phone.text, "Hello" in laptop.text) == (False, True)


def test_nobody_signs_out_a_stranger(visitor):
    """The handle of somebody else's browser, or none at all, ends nothing."""
    owner = visitor().sign_in("owner")
    visitor(user_agent=IPHONE).sign_in("owner")
    owner.open("/")
    handle = re.search(r'name="device" value="([\w-]+)"', owner.shown[-1])[1]
    visitor(user_agent=IPHONE).sign_in("stranger")
    stranger = visitor().sign_in("stranger")
    for device in (handle, "é", ""):
        stranger.client.post(stranger.url + "devices/sign-out", data={"device": device})
    owner.open("/")
    stranger.open("/")
    assert "Safari on iPhone" in owner.text
    assert "Safari on iPhone" in stranger.text


def test_signing_out(visitor):
    """After signing out the cookie is deleted, and a copy of it opens nothing."""
    browser, copy = visitor().sign_in("leaving"), visitor()
    copy.client.cookies.update(browser.client.cookies)
    browser.press("Sign out")
    copy.open("/")
    assert "You are signed out" in browser.text
    assert COOKIE not in browser.client.cookies
    assert "Hello" not in copy.text


def test_a_form_of_a_dead_session_leads_to_sign_in(visitor):
    """A browser that was signed out elsewhere is asked to sign in, whatever it sends."""
    phone, laptop = visitor().sign_in("dead"), visitor().sign_in("dead")
    laptop.press("Sign out the others")
    phone.press("Add note", text="too late")
    assert "demo without passwords" in phone.text


def test_no_page_shows_an_id(visitor):
    """No session id, of this browser or another, stands in any page."""
    phone, laptop = visitor(user_agent=IPHONE), visitor()
    for browser in (phone, laptop):
        browser.press("One Teapot more")
        browser.sign_in("secretive")
        browser.press("Add note", text="mine")
    phone.open("/")
    phone.press("Sign out the others")
    phone.open("/figures")
    ids, pages = phone.ids | laptop.ids, "".join(phone.shown + laptop.shown)
    assert len(ids) == 5  # two visitors, two sign-ins, and a new one for who signs out the others
    assert [] == [sid for sid in ids if sid in pages or sid[:20] in pages]


def test_everything_works_without_javascript(visitor):
    """All that the demo does is reached by forms and links on its pages, which have no script."""
    phone, laptop = visitor(user_agent=IPHONE), visitor()
    laptop.press("One Teapot more")
    for browser in (phone, laptop, visitor()):
        browser.sign_in("no script")
    laptop.press("Add note", text="by form")
    laptop.press("Delete this note")
    laptop.press("Sign out Safari on iPhone")
    laptop.press("Sign out the others")
    links = laptop.page.links
    laptop.press("Sign out")
    posts = {route.path for route in router.routes if "POST" in route.methods}
    assert posts == laptop.actions
    assert "/figures" in links
    assert [200] * len(links) == [laptop.open(link).status_code for link in links]
    assert not re.search(r"<script|\son\w+=|javascript:", "".join(laptop.shown))


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_other_sites_forms_are_refused(visitor, headers):
    """A form that another site sends in the visitor's name changes nothing."""
    browser = visitor().sign_in("target")
    answer = browser.client.post(
        browser.url + "notes", data={"text": "planted note"}, headers=headers
    )
    browser.open("/")
    assert 403 == answer.status_code
    assert "planted note" not in browser.text


def test_the_demos_own_forms_are_taken(visitor):
    """What a browser says with the demo's own forms is accepted, old browsers' way too."""
    browser = visitor()
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": browser.url.rstrip("/")}):
        browser.client.headers.update(headers)
        browser.sign_in("at home")
        assert "Hello at home" in browser.text
        browser.press("Sign out")


@pytest.mark.parametrize(
    ("path", "form", "status", "said"),
    [
        ("sign-in", {"name": "x" * 41}, 400, "A name has 1 to 40 characters."),
        ("sign-in", {"name": " "}, 400, "A name has 1 to 40 characters."),
        ("sign-in", {"name": "a\0b"}, 400, "A name has 1 to 40 characters."),
        ("sign-in", {}, 400, "name: Field required."),
        ("cart", {"item": "yacht", "change": "1"}, 400, "That is not for sale."),
        ("cart", {"item": "teapot", "change": "1000"}, 400, "change: Input should be"),
        ("notes", {"text": "x" * 201}, 400, "text: String should have at most 200 characters."),
        ("notes", {"text": " "}, 400, "A note has some text."),
        ("notes", {"text": ""}, 400, "text: Field required."),
        ("nowhere", {}, 404, "There is no such page"),
    ],
)
def test_a_wrong_form_gets_a_page(visitor, path, form, status, said):
    """A form filled in wrongly gets a page that says what is wrong, leads back and signs out."""
    browser = visitor().sign_in("clumsy")
    page = browser._show(browser.client.post(browser.url + path, data=form))
    assert status == page.status_code
    assert said in browser.text
    assert "/" in browser.page.links
    browser.press("Sign out")
    assert "You are signed out" in browser.text


def test_the_figures_count(start, visitor):
    """Signing in shows in the figures, looking at them does not."""
    browser = visitor(start())
    assert {"sessions": 0, "reads": 0, "writes": 0} == figures(browser)
    browser.sign_in("counted")
    # The page after signing in loads the session and finds where else the person is.
    assert {"sessions": 1, "reads": 2, "writes": 1} == figures(browser)
    assert {"sessions": 1, "reads": 2, "writes": 1} == figures(browser)


def test_every_answer_is_strict(visitor):
    """All answers tell browsers to load nothing else, and a person's pages stay uncached."""
    browser = visitor().sign_in("strict")
    for path in ("", "figures", "static/style.css", "nowhere"):
        headers = browser.client.get(browser.url + path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "script-src" not in headers["content-security-policy"]
        assert "nosniff" == headers["x-content-type-options"]
    assert "no-store" == browser.open("/").headers["cache-control"]
