"""The API describes itself, truly."""

import json

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from backoffice.lib.idempotency import HEADER
from backoffice.lib.problems import CONTENT_TYPE

OPERATIONS = {
    ("GET", "/api/v1/campaigns/"),
    ("POST", "/api/v1/claims/"),
    ("GET", "/api/v1/customers/{ref}/coupons/"),
    ("POST", "/api/v1/grants/"),
    ("GET", "/api/v1/grants/{grant}/"),
    ("GET", "/api/v1/grants/{grant}/results/"),
    ("POST", "/api/v1/quotes/"),
    ("POST", "/api/v1/orders/"),
    ("GET", "/api/v1/orders/{ref}/"),
    ("POST", "/api/v1/orders/{ref}/payment/"),
    ("POST", "/api/v1/orders/{ref}/delivery/"),
    ("POST", "/api/v1/orders/{ref}/completion/"),
    ("POST", "/api/v1/orders/{ref}/refunds/"),
    ("POST", "/api/v1/orders/{ref}/cancellation/"),
    ("POST", "/api/v1/orders/{ref}/appeals/"),
    ("GET", "/api/v1/orders/{ref}/appeals/"),
    ("GET", "/api/v1/orders/{ref}/appeals/{appeal}/"),
}


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema):
    return {(method.upper(), path): operation for path, methods in schema["paths"].items() for method, operation in methods.items()}


def test_the_schema_is_valid_without_a_warning(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))


def test_every_operation_is_described(schema):
    assert set(operations(schema)) == OPERATIONS
    for operation in operations(schema).values():
        assert operation["summary"]
        assert operation["description"]
        assert operation["security"] == [{"ApiKey": []}]


def test_every_post_documents_its_key_and_every_operation_its_errors(schema):
    for (method, _path), operation in operations(schema).items():
        headers = [parameter for parameter in operation.get("parameters", []) if parameter["in"] == "header"]
        assert [header["name"] for header in headers if header["required"]] == ([HEADER] if method == "POST" else [])
        statuses = set(operation["responses"])
        assert statuses >= {"400", "401", "403", "503"} | ({"409", "413", "415", "422"} if method == "POST" else set())
        for status in statuses - {"200", "201", "202"}:
            content = operation["responses"][status]["content"][CONTENT_TYPE]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert all(example["value"]["status"] == int(status) for example in content["examples"].values())


def test_inputs_name_all_their_fields(schema):
    inputs = {name: part for name, part in schema["components"]["schemas"].items() if name.endswith("Request")}
    assert set(inputs) == {
        "AppealRequest",
        "CancellationRequest",
        "ClaimRequest",
        "CustomerRequest",
        "DeliveryRequest",
        "GrantRequest",
        "LineRequest",
        "NothingRequest",
        "OrderLineRequest",
        "OrderRequest",
        "PaymentRequest",
        "PiecesRequest",
        "QuoteRequest",
        "RefundRequest",
    }
    assert all(part["additionalProperties"] is False for part in inputs.values())


def test_schema_and_documentation_are_served(client, db):
    assert client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()["openapi"].startswith("3.")
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert "<script>" not in page.content.decode()
    assert "https://" not in page.content.decode().replace("https://www.w3.org", "")


def test_examples_are_good_requests(schema):
    """Each example of an input is read by the very serializer that reads requests."""
    from orders.api.orders import OrderInput
    from promotions.api.claims import ClaimInput
    from promotions.api.quotes import QuoteInput

    readers = {"claim_coupon": ClaimInput, "quote": QuoteInput, "place_order": OrderInput}
    for operation in operations(schema).values():
        if operation["operationId"] in readers:
            examples = operation["requestBody"]["content"]["application/json"]["examples"]
            for example in examples.values():
                value = json.loads(json.dumps(example["value"]))
                readers[operation["operationId"]](data=value).is_valid(raise_exception=True)
