"""The pages and forms: what an app does with `request.session`."""

import secrets
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from connect_sqlite.asgi import Session

from .devices import Devices, browser_name
from .errors import NotSignedIn
from .views import templates

router = APIRouter()

PEOPLE = ("Mira Okafor", "Jonas Lind", "Aiko Tanaka")
GOODS = {
    "beans": ("Coffee beans, 250 g", 980),
    "notebook": ("Notebook, dotted", 650),
    "teapot": ("Teapot", 2400),
}
MOST_NOTES = 20
MOST_OF_A_KIND = 99


def session_of(request: Request) -> Session:
    """The visitor's session, typed: Starlette says `dict`."""
    session = request.session
    assert isinstance(session, Session)
    return session


def signed_in_session(request: Request) -> Session:
    """The same, for what only those may do who are signed in."""
    session = session_of(request)
    if "user" not in session:
        raise NotSignedIn
    return session


def devices_of(request: Request) -> Devices:
    devices: Devices = request.app.state.devices
    return devices


Visitor = Annotated[Session, Depends(session_of)]
SignedIn = Annotated[Session, Depends(signed_in_session)]
DevicesOf = Annotated[Devices, Depends(devices_of)]


@router.api_route("/", methods=["GET", "HEAD"])
async def home(
    request: Request, session: Visitor, devices: DevicesOf, signed_out: bool = False
) -> Response:
    notices = [text for _, text in session.flashes()]
    if signed_out and "user" not in session:
        notices.append("You are signed out, and the session is gone from the file.")
    cart = session.get("cart", {})
    view = {
        "user": session.get("user"),
        "notices": notices,
        "people": PEOPLE,
        "notes": session.get("notes", []),
        "goods": GOODS,
        "cart": cart,
        "total": sum(GOODS[item][1] * count for item, count in cart.items() if item in GOODS),
        "devices": await devices.of(session) if "user" in session else [],
        "data": session.copy(),
    }
    return templates.TemplateResponse(request, "home.html", view)


@router.post("/sign-in")
async def sign_in(request: Request, session: Visitor, name: Annotated[str, Form()]) -> Response:
    name = " ".join(name.split())
    if not (name and len(name) <= 40 and name.isprintable()):
        raise HTTPException(400, "A name has 1 to 40 characters.")
    # The owner changes, and so the id by itself: one planted before is worth nothing.  A visitor's
    # cart comes along, another person's session does not.
    if "user" in session:
        session.regenerate()
    session["user"] = {"id": name.casefold(), "name": name}
    session["browser"] = browser_name(request.headers.get("User-Agent", ""))
    session["since"] = int(time.time())
    return back()


@router.post("/sign-out")
async def sign_out(session: Visitor) -> Response:
    session.destroy()
    return RedirectResponse("/?signed_out=1", 303)


@router.post("/notes")
async def add_note(session: SignedIn, text: Annotated[str, Form(max_length=200)]) -> Response:
    if not text.strip():
        raise HTTPException(400, "A note has some text.")
    # What changed is found by comparing, so changes deep inside are saved too.
    notes = session.setdefault("notes", [])
    notes.append({"id": secrets.token_hex(4), "text": text.strip()})
    del notes[:-MOST_NOTES]
    return back()


@router.post("/notes/delete")
async def delete_note(session: SignedIn, note: Annotated[str, Form()]) -> Response:
    session["notes"] = [each for each in session.get("notes", []) if each["id"] != note]
    return back()


@router.post("/cart")
async def change_cart(
    session: Visitor, item: Annotated[str, Form()], change: Annotated[Literal["1", "-1"], Form()]
) -> Response:
    if item not in GOODS:
        raise HTTPException(400, "That is not for sale.")
    cart = session.setdefault("cart", {})
    cart[item] = min(cart.get(item, 0) + int(change), MOST_OF_A_KIND)
    if cart[item] <= 0:
        del cart[item]
    if not cart:
        del session["cart"]  # a session left without data is ended: visitors leave no rows behind
    return back()


# Real apps ask for the password again before these two (OWASP ASVS 7.5.2); nobody here has one.


@router.post("/devices/sign-out")
async def sign_out_device(
    session: SignedIn, devices: DevicesOf, device: Annotated[str, Form()]
) -> Response:
    ended = await devices.sign_out(session, device)
    session.flash("That browser is signed out." if ended else "That browser had gone already.")
    return back()


@router.post("/devices/sign-out-others")
async def sign_out_others(session: SignedIn, devices: DevicesOf) -> Response:
    ended = await devices.sign_out_others(session)
    browsers = "1 other browser is" if ended == 1 else f"{ended} other browsers are"
    session.flash(f"{browsers} signed out.")
    return back()


def back() -> Response:
    """To the page after a form: reloading it then sends nothing again."""
    return RedirectResponse("/", 303)
