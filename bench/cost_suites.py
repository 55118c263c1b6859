"""The suites on which the recorder's cost is measured: tests that do nothing, a Django project, a library's own tests.

Owns what is in them and how they are started. The Django project is written here: models, views, forms, templates, a login, and tests of
which each asks the test client for a page or two, or works on rows, on an SQLite database in memory, or on PostgreSQL where PGHOST is set.
The library's tests come out of its sdist, into an environment of their own, where a package index can be reached.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

A_FILE = 50
LIBRARY = "marshmallow"
OF_LIBRARY = ("pytest>=8,<9", "simplejson", "pytz")


@dataclass(frozen=True)
class Suite:
    """One suite: where it is, with which interpreter, options and variables it is run."""

    name: str
    folder: Path
    tests: int
    options: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable


def trivial(room: Path, tests: int) -> Suite:
    """Tests that do nothing, fifty a file."""
    folder = room / "trivial"
    folder.mkdir()
    for number in range(0, tests, A_FILE):
        count = min(A_FILE, tests - number)
        (folder / f"test_{number:05}.py").write_text("".join(f"def test_{n}():\n    pass\n\n\n" for n in range(count)))
    return Suite("trivial", folder, tests)


def django(room: Path, tests: int) -> Suite:
    """A small store. Eight kinds of tests in turn, in classes and in functions."""
    folder = room / "django"
    for name, text in PROJECT.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    kinds = TESTS.strip("\n").split("\n\n")
    for number in range(0, tests, A_FILE):
        count = min(A_FILE, tests - number)
        bodies = "\n".join(kinds[n % len(kinds)].replace("NUMBER", str(n)) for n in range(count))
        (folder / "tests" / f"test_{number:05}.py").write_text(HEAD + bodies + "\n")
    env = {"DJANGO_SETTINGS_MODULE": "store.settings", "PYTHONPATH": str(folder)}
    return Suite("Django, SQLite", folder, tests, ("-p", "no:randomly"), env)


def library(room: Path, version: str) -> Suite | None:
    """The tests of a release of marshmallow, None where it cannot be had."""
    folder = room / f"{LIBRARY}-{version}"
    python = room / f"env-{version}" / "bin" / "python"
    uv = str(Path(sys.executable).with_name("uv"))
    try:
        wanted = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", f"{LIBRARY}=={version}"]
        _done(sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(room), *wanted[:3], wanted[4])
        with tarfile.open(next(room.glob(f"{LIBRARY}-{version}.tar.gz"))) as archive:
            archive.extractall(room, filter="data")
        _done(uv, "venv", "--quiet", "--python", sys.executable, str(python.parents[1]))
        _done(uv, "pip", "install", "--quiet", "--python", str(python), *OF_LIBRARY, "--editable", str(folder))
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        print(f"{LIBRARY} {version} cannot be had: left out ({getattr(error, 'stderr', error)})")
        return None
    collected = _done(str(python), "-m", "pytest", "-q", "-o", "addopts=", "--collect-only", "tests", cwd=folder)
    return Suite(f"{LIBRARY} {version}", folder, sum("::" in line for line in collected.splitlines()), ("tests",), python=str(python))


def _done(*command: str, cwd: Path | None = None) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FLAKY_DETECTOR", "PYTEST"))}
    return subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, check=True).stdout


PROJECT = {
    "pytest.ini": "[pytest]\n",
    "store/__init__.py": "",
    "store/settings.py": """
import os

SECRET_KEY = "bench"
USE_TZ = True
ROOT_URLCONF = "store.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
if os.environ.get("PGHOST"):
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "store"}}
DISCOUNT = 0
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "store",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
""",
    "store/models.py": """
from django.conf import settings
from django.contrib.auth.models import User
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=80, unique=True)


class Book(models.Model):
    title = models.CharField(max_length=80)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    price = models.DecimalField(max_digits=8, decimal_places=2)
    stock = models.IntegerField(default=0)

    @property
    def to_pay(self):
        return self.price * (100 - settings.DISCOUNT) / 100


class Order(models.Model):
    buyer = models.ForeignKey(User, models.CASCADE)
    made = models.DateTimeField(auto_now_add=True)


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    book = models.ForeignKey(Book, models.PROTECT)
    count = models.PositiveIntegerField(default=1)
""",
    "store/forms.py": """
from django import forms

from store.models import Book


class BookForm(forms.ModelForm):
    class Meta:
        model = Book
        fields = ["title", "author", "price", "stock"]

    def clean_price(self):
        if self.cleaned_data["price"] < 0:
            raise forms.ValidationError("less than nothing")
        return self.cleaned_data["price"]
""",
    "store/views.py": """
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count, F, Sum
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render

from store.forms import BookForm
from store.models import Author, Book, Line, Order


def books(request):
    return render(request, "store/books.html", {"books": Book.objects.select_related("author").order_by("title")})


def authors(request):
    counted = Author.objects.annotate(written=Count("books"), worth=Sum("books__price")).order_by("name")
    return JsonResponse({"authors": [{"name": each.name, "written": each.written, "worth": str(each.worth)} for each in counted]})


@login_required
def add(request):
    form = BookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "It is there.")
        return redirect("books")
    return render(request, "store/add.html", {"form": form})


@login_required
def order(request, pk):
    with transaction.atomic():
        book = get_object_or_404(Book.objects.select_for_update(), pk=pk, stock__gt=0)
        made = Order.objects.create(buyer=request.user)
        Line.objects.create(order=made, book=book)
        Book.objects.filter(pk=pk).update(stock=F("stock") - 1)
    return JsonResponse({"order": made.pk}, status=201)
""",
    "store/urls.py": """
from django.contrib import admin
from django.urls import path

from store import views

urlpatterns = [
    path("", views.books, name="books"),
    path("authors/", views.authors, name="authors"),
    path("add/", views.add, name="add"),
    path("order/<int:pk>/", views.order, name="order"),
    path("admin/", admin.site.urls),
]
""",
    "store/templates/store/base.html": """<!doctype html>
<title>{% block title %}Store{% endblock %}</title>
{% for message in messages %}<p>{{ message }}</p>{% endfor %}
{% block body %}{% endblock %}
""",
    "store/templates/store/books.html": """{% extends "store/base.html" %}
{% block body %}<ul>{% for book in books %}
<li>{{ book.title }} by {{ book.author.name|title }}: {{ book.price|floatformat:2 }} {% if not book.stock %}sold out{% endif %}</li>
{% endfor %}</ul>{% endblock %}
""",
    "store/templates/store/add.html": """{% extends "store/base.html" %}
{% block body %}<form method="post">{% csrf_token %}{{ form.as_p }}</form>{% endblock %}
""",
    "tests/conftest.py": """
import pytest
from django.contrib.auth.models import User

from store.models import Author, Book


@pytest.fixture
def shelf(db):
    author = Author.objects.create(name="ada")
    return Book.objects.bulk_create([Book(title=f"b{n}", author=author, price=n, stock=n % 3) for n in range(10)])


@pytest.fixture
def buyer(db, client):
    user = User.objects.create_user("bob", password="x")
    client.force_login(user)
    return user
""",
}

HEAD = """import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.db.models import Avg, Sum
from django.test import TestCase, override_settings
from django.urls import reverse

from store.forms import BookForm
from store.models import Author, Book, Line, Order


"""

TESTS = """
def test_the_page_lists_books_NUMBER(client, shelf):
    response = client.get("/")
    assert response.status_code == 200
    assert response.content.count(b"<li>") == 10

def test_an_author_is_counted_NUMBER(client, shelf):
    (author,) = client.get(reverse("authors")).json()["authors"]
    assert (author["name"], author["written"], float(author["worth"])) == ("ada", 10, 45)

class TestAdding_NUMBER(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.author = Author.objects.create(name="eve")
        cls.user = User.objects.create_user("bob", password="x")
    def test_a_book_is_added(self):
        assert self.client.login(username="bob", password="x")
        data = {"title": "new", "author": self.author.pk, "price": "9.50", "stock": 3}
        response = self.client.post("/add/", data, follow=True)
        assert b"It is there." in response.content

def test_an_order_takes_from_stock_NUMBER(client, shelf, buyer):
    book = Book.objects.get(title="b5")
    assert client.post(f"/order/{book.pk}/").status_code == 201
    book.refresh_from_db()
    assert (book.stock, Line.objects.count(), Order.objects.get().buyer) == (1, 1, buyer)

def test_a_form_refuses_a_negative_price_NUMBER(shelf):
    form = BookForm({"title": "x", "author": shelf[0].author_id, "price": "-1", "stock": 0})
    assert form.errors == {"price": ["less than nothing"]}

def test_prices_add_up_NUMBER(shelf):
    assert Book.objects.aggregate(Sum("price"), Avg("stock")) == {"price__sum": 45, "stock__avg": pytest.approx(0.9)}
    Book.objects.filter(stock=0).delete()
    assert sorted(Book.objects.values_list("title", flat=True)) == ["b1", "b2", "b4", "b5", "b7", "b8"]

def test_a_stranger_is_sent_to_the_login_NUMBER(client, db):
    with override_settings(LOGIN_URL="/in/"):
        assert client.get("/add/").url == "/in/?next=/add/"
    assert mail.outbox == []

def test_the_administration_shows_users_NUMBER(admin_client, buyer):
    response = admin_client.get("/admin/auth/user/")
    assert response.status_code == 200
    assert b"bob" in response.content
"""

POLLUTER = """
def test_a_discount_is_taken_off(shelf):
    settings.DISCOUNT = 10
    assert float(shelf[1].to_pay) == 0.9
"""
VICTIM = """
def test_a_book_costs_its_price(shelf):
    assert shelf[1].to_pay == 1
"""
