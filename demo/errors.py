"""What a person sees when a request cannot be answered."""

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.responses import RedirectResponse, Response

from connect_sqlite import StoreError

from .views import templates


class NotSignedIn(Exception):
    """The page is for people who are signed in, and this session is no more."""


async def to_sign_in(request: Request, error: Exception) -> Response:
    return RedirectResponse("/", 303)


async def wrong(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, AnyHTTPException) else 400
    title = "There is no such page" if status == 404 else "That did not work"
    return page(request, status, title, error.detail if isinstance(error, HTTPException) else "")


async def wrong_form(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    said = [f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}." for each in error.errors()]
    return page(request, 400, "That did not work", " ".join(said))


async def unavailable(request: Request, error: Exception) -> Response:
    # So does the middleware when it cannot load or save; this is for what handlers ask of it.
    return page(request, 503, "The store cannot answer", "Try again in a moment.")


def page(request: Request, status: int, title: str, said: str) -> Response:
    view = {"title": title, "said": said, "user": request.session.get("user")}
    return templates.TemplateResponse(request, "error.html", view, status_code=status)


def install(app: FastAPI) -> None:
    app.add_exception_handler(NotSignedIn, to_sign_in)
    app.add_exception_handler(AnyHTTPException, wrong)
    app.add_exception_handler(RequestValidationError, wrong_form)
    app.add_exception_handler(StoreError, unavailable)
