"""The shop over HTTP."""

import json

import pytest

from shop.analytics.models import Visit
from shop.orders import services


def post_order(client, wanted):
    body = {"email": "bob@example.org", "name": "Bob", "wanted": wanted}
    return client.post("/orders/", json.dumps(body), content_type="application/json")


def test_products_in_stock_are_listed_by_name(client, teapot, cup):
    assert [row["name"] for row in client.get("/products/").json()["products"]] == ["Cup", "Teapot"]


def test_a_product_that_is_sold_out_is_not_listed(client, teapot, cup):
    teapot.stock = 0
    teapot.save()
    assert [row["sku"] for row in client.get("/products/").json()["products"]] == ["CUP-1"]


def test_one_product_is_shown(client, teapot):
    assert client.get("/products/teapot-tea-1/").json() == {"sku": "TEA-1", "name": "Teapot", "stock": 5}


@pytest.mark.django_db
def test_an_unknown_product_is_not_found(client):
    assert client.get("/products/nothing/").status_code == 404


def test_an_order_is_placed(client, cup):
    answer = post_order(client, {"CUP-1": 2})
    assert (answer.status_code, answer.json()["total_cents"]) == (201, 1200)


def test_an_order_over_the_stock_is_a_conflict(client, cup):
    answer = post_order(client, {"CUP-1": 13})
    assert (answer.status_code, answer.json()["error"]) == (409, "only 12 of CUP-1 left")


def test_a_body_that_is_no_json_is_a_bad_request(client):
    assert client.post("/orders/", "{", content_type="application/json").status_code == 400


def test_an_order_is_shown(client, customer, cup):
    order = services.place(customer, {"CUP-1": 1})
    assert client.get(f"/orders/{order.reference}/").json() == {"reference": order.reference, "state": "open", "total_cents": 600}


def test_an_order_is_paid(client, customer, cup):
    order = services.place(customer, {"CUP-1": 1})
    assert client.post(f"/orders/{order.reference}/pay/").json()["state"] == "paid"


def test_paying_twice_is_a_conflict(client, customer, cup):
    order = services.pay(services.place(customer, {"CUP-1": 1}))
    assert client.post(f"/orders/{order.reference}/pay/").status_code == 409


@pytest.mark.django_db
def test_a_visit_is_recorded(client):
    answer = client.post("/visits/", {"path": "/products?page=2", "visitor": "v1", "source": "search"})
    assert (answer.status_code, answer.json()) == (201, {"path": "/products/", "source": "search"})
    assert Visit.objects.get().visitor == "v1"


def test_a_visit_without_a_visitor_is_a_bad_request(client):
    assert client.post("/visits/", {"path": "/"}).status_code == 400


def test_a_day_that_is_no_date_is_a_bad_request(client):
    assert client.get("/visits/top/", {"day": "yesterday"}).json() == {"error": "day is not a date"}
