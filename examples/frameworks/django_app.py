"""Django: `SECRET=… daphne django_app:app`, or `SECRET=… gunicorn --preload django_app:wsgi`."""

import json
import os
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.asgi import get_asgi_application
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

from connect_sqlite import handle_of

HERE = Path(__file__).resolve().parent

settings.configure(
    SECRET_KEY=os.environ["SECRET"],
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["connect_sqlite.django"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    SESSION_ENGINE="connect_sqlite.django",
    SESSION_EXPIRE_AT_BROWSER_CLOSE=True,
    # What a visitor got wrong is answered, and no news.
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "loggers": {"django.request": {"level": "ERROR"}},
    },
    CONNECT_SQLITE={
        "location": Path(os.environ.get("DATABASE", "sessions.db")).resolve(),
        "indexes": ("user.name",),
    },
)
django.setup()

from connect_sqlite.django import store  # noqa: E402 - it needs the settings


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse((HERE / "index.html").read_bytes())


def account(request: HttpRequest) -> HttpResponse:
    session = signed_in(request)
    user, notes = session["user"]["name"], session.get("notes", [])
    return JsonResponse({"framework": "Django", "user": user, "notes": notes})


@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    name = text_of(request, "name", 40)
    if request.session.get("user", {}).get("name") != name:
        request.session.cycle_key()  # as django.contrib.auth's login() does
    request.session["user"] = {"name": name, "by": "Django"}
    return account(request)


@require_POST
def add_note(request: HttpRequest) -> HttpResponse:
    signed_in(request).setdefault("notes", []).append(text_of(request, "text", 200))
    return account(request)


def sessions(request: HttpRequest) -> HttpResponse:
    here = signed_in(request)
    name, key = here["user"]["name"], here.session_key
    if request.method == "DELETE":
        store().destroy_where("user.name", name, keep=(key,))
        return HttpResponse(status=204)
    mine = store().find("user.name", name)
    lines = [
        {
            "handle": handle_of(each.id),
            "here": handle_of(each.id) == handle_of(key),
            "framework": each["user"]["by"],
        }
        for each in mine
    ]
    return JsonResponse(lines, safe=False)


def end(request: HttpRequest, handle: str) -> HttpResponse:
    here = signed_in(request)
    if handle == handle_of(here.session_key):
        return leave(request)
    mine = store().find("user.name", here["user"]["name"])
    if not store().destroy_many([each.id for each in mine if handle_of(each.id) == handle]):
        raise Http404("There is no such session.")
    return HttpResponse(status=204)


def leave(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return HttpResponse(status=204)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    signed_in(request)
    return leave(request)


def signed_in(request: HttpRequest) -> Any:
    """The session of somebody who is signed in."""
    if "user" not in request.session:
        raise PermissionDenied("Sign in first.")
    return request.session


def text_of(request: HttpRequest, field: str, longest: int) -> str:
    try:
        text = json.loads(request.body)[field].strip()
    except (ValueError, LookupError, TypeError, AttributeError):
        text = ""
    if not 1 <= len(text) <= longest:
        raise BadRequest(f"The {field} has 1 to {longest} characters.")
    return str(text)


def in_words(request: HttpRequest, exception: Exception) -> HttpResponse:
    status = {PermissionDenied: 401, Http404: 404, SessionInterrupted: 401}
    return JsonResponse({"error": str(exception)}, status=status.get(type(exception), 400))


handler400 = handler403 = handler404 = in_words
urlpatterns = [
    path("", page),
    path("account", account),
    path("sign-in", sign_in),
    path("notes", add_note),
    path("sessions", sessions),
    path("sessions/<handle>", end),
    path("sign-out", sign_out),
]
app, wsgi = get_asgi_application(), get_wsgi_application()

if __name__ == "__main__":
    port = os.environ.get("PORT", "8000")
    execute_from_command_line([__file__, "runserver", f"127.0.0.1:{port}", "--noreload"])
