"""The data that the migrations of `orders` fill in, and that they can be taken back."""


def order_of(apps):
    customer = apps.get_model("orders", "Customer").objects.create(name="Ada", email="ada@example.org")
    return apps.get_model("orders", "Order").objects.create(customer=customer, reference="AAAA2222")


def test_products_get_their_slug(migrator):
    old = migrator.apply_initial_migration(("orders", "0002_product_slug"))
    old.apps.get_model("orders", "Product").objects.create(sku="T-1", name="Old Teapot", price_cents=100)

    new = migrator.apply_tested_migration(("orders", "0003_fill_slugs"))

    assert new.apps.get_model("orders", "Product").objects.get().slug == "old-teapot-t-1"


def test_slugs_that_are_there_stay(migrator):
    old = migrator.apply_initial_migration(("orders", "0002_product_slug"))
    old.apps.get_model("orders", "Product").objects.create(sku="T-1", name="Old Teapot", slug="heirloom", price_cents=100)

    new = migrator.apply_tested_migration(("orders", "0003_fill_slugs"))

    assert new.apps.get_model("orders", "Product").objects.get().slug == "heirloom"


def test_orders_get_their_total(migrator):
    old = migrator.apply_initial_migration(("orders", "0004_order_total"))
    order = order_of(old.apps)
    product = old.apps.get_model("orders", "Product").objects.create(sku="T-1", name="Teapot", slug="teapot", price_cents=100)
    for quantity in (1, 3):
        old.apps.get_model("orders", "OrderLine").objects.create(order=order, product=product, quantity=quantity, price_cents=50)

    new = migrator.apply_tested_migration(("orders", "0005_fill_totals"))

    assert new.apps.get_model("orders", "Order").objects.get().total_cents == 200


def test_an_order_without_lines_costs_nothing(migrator):
    old = migrator.apply_initial_migration(("orders", "0004_order_total"))
    order_of(old.apps)

    new = migrator.apply_tested_migration(("orders", "0005_fill_totals"))

    assert new.apps.get_model("orders", "Order").objects.get().total_cents == 0


def test_slugs_can_be_taken_back(migrator):
    old = migrator.apply_initial_migration(("orders", "0003_fill_slugs"))
    old.apps.get_model("orders", "Product").objects.create(sku="T-1", name="Teapot", slug="teapot", price_cents=100)

    new = migrator.apply_tested_migration(("orders", "0001_initial"))

    product = new.apps.get_model("orders", "Product").objects.get()
    assert product.sku == "T-1"
    assert not hasattr(product, "slug")
