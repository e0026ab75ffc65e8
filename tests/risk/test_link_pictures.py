"""From an order, a flag, a customer, a token one click leads to the picture of links; an incident shows it."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from risk.admin.link_pictures import start_of
from risk.admin.links import picture_url
from risk.models import IncidentAnchor
from tests.promotions.factories import a_user
from tests.risk.factories import a_flag
from tests.risk.incidents import a_night, an_incident_of_token, grown

pytestmark = pytest.mark.django_db


def page_of(client, obj):
    name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return client.get(reverse(name, args=[obj.pk])).content.decode()


def test_every_page_leads_to_the_picture_that_begins_at_it(client):
    client.force_login(a_user(is_superuser=True))
    flag = a_flag()
    address = picture_url("order", flag.order.ref).replace("&", "&amp;")
    assert address in page_of(client, flag)
    assert address in page_of(client, flag.order)
    assert picture_url("account", flag.order.customer.ref).replace("&", "&amp;") in page_of(client, flag.order.customer)


def test_who_may_not_see_links_gets_no_way_to_them(client):
    user = a_user()
    user.user_permissions.set(Permission.objects.filter(codename="view_order"))
    client.force_login(user)
    page = page_of(client, a_flag().order)
    assert "linkhub/picture" not in page


def test_an_incident_shows_the_picture_around_what_most_accounts_share(client):
    client.force_login(a_user(is_superuser=True))
    token, _organised, _guests = a_night()
    incident = grown(an_incident_of_token(token))
    kind, value = start_of(incident)
    page = page_of(client, incident)
    assert f'data-kind="{kind}" data-value="{value}"' in page
    assert picture_url(kind, value).replace("&", "&amp;") in page
    assert IncidentAnchor.objects.filter(incident=incident, kind=kind, value=value).exists() or kind == "order"
