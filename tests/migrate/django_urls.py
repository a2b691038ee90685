"""The project's one page: all that is in the session."""

from django.http import JsonResponse
from django.urls import path

urlpatterns = [path("", lambda request: JsonResponse(dict(request.session)))]
