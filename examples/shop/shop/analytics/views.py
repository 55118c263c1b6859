"""Visits over HTTP."""

from datetime import date

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from shop.analytics import services


@require_POST
def track(request: HttpRequest) -> JsonResponse:
    """Records a visit."""
    path, visitor = request.POST.get("path", ""), request.POST.get("visitor", "")
    if not path or not visitor:
        return JsonResponse({"error": "path and visitor are needed"}, status=400)
    visit = services.record(path, visitor, source=request.POST.get("source", "direct"))
    return JsonResponse({"path": visit.path, "source": visit.source}, status=201)


@require_GET
def top(request: HttpRequest) -> JsonResponse:
    """The most visited pages of a day, today by default."""
    try:
        day = date.fromisoformat(request.GET.get("day", timezone.now().date().isoformat()))
    except ValueError:
        return JsonResponse({"error": "day is not a date"}, status=400)
    return JsonResponse({"day": day.isoformat(), "pages": services.most_visited(day)})
