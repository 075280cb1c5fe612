from django.http import HttpRequest, HttpResponse


def accounts(request: HttpRequest) -> HttpResponse: ...


def account(request: HttpRequest, pk: int) -> HttpResponse: ...
