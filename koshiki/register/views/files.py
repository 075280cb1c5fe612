"""保存ファイル — handed out only to who may see the matter, only as what it is, never to be run in the page."""

from __future__ import annotations

from urllib.parse import quote

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from koshiki.organization.sign_in import signed_in
from koshiki.register import files
from koshiki.register.models import Account, StoredFile
from koshiki.register.views.pages import sees_inside

_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}


@require_safe
def stored_file(request: HttpRequest, pk: int) -> FileResponse:
    """One file: pictures may stand in the page; PDFs are downloads."""
    by = signed_in(request)
    file = get_object_or_404(StoredFile.objects.select_related("account"), pk=pk)
    public = file.kind == StoredFile.Kind.IMAGE and file.account.state in Account.PUBLIC
    if not public and not sees_inside(by, file.account):
        raise Http404
    try:
        bytes_ = files.path(file).open("rb")
    except FileNotFoundError as gone:
        raise Http404 from gone
    kind = "inline" if file.mime.startswith("image/") else "attachment"
    response = FileResponse(bytes_, content_type=file.mime)
    response["Content-Disposition"] = f"{kind}; filename*=UTF-8''{quote(_name(file))}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _name(file: StoredFile) -> str:
    return file.name.rsplit(".", 1)[0] + _ENDINGS[file.mime]
