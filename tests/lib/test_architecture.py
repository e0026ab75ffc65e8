"""Who knows whom, in the database too: links point down, and what is below does not know what is above."""

import pytest
from django.apps import apps

LAYERS = ["lib", "promotions", "orders", "risk"]
BELOW_ALL = {"auth", "contenttypes", "pghistory"}
LINKS = [
    (model, field)
    for layer in LAYERS
    for model in apps.get_app_config(layer).get_models(include_auto_created=True)
    for field in [*model._meta.local_fields, *model._meta.local_many_to_many]
    if field.is_relation
]


def named(link):
    model, field = link
    return f"{model._meta.label}.{field.name}"


def app_of(field):
    return field.related_model._meta.app_label


def crosses(link):
    model, field = link
    return app_of(field) != model._meta.app_label


@pytest.mark.parametrize("link", list(filter(crosses, LINKS)), ids=named)
def test_a_link_between_apps_points_down_and_is_not_seen_from_there(link):
    model, field = link
    target = app_of(field)
    assert target in BELOW_ALL or LAYERS.index(target) < LAYERS.index(model._meta.app_label)
    assert field.remote_field.hidden, "give it related_name='+'"


def test_the_layers_are_really_linked():
    pairs = {(model._meta.app_label, app_of(field)) for model, field in filter(crosses, LINKS)}
    assert {("promotions", "auth"), ("orders", "promotions"), ("orders", "lib"), ("risk", "orders")} <= pairs


def test_no_model_of_ours_gives_a_lower_one_an_attribute():
    for layer in LAYERS:
        for model in apps.get_app_config(layer).get_models():
            if model._meta.proxy:
                continue  # it shows what points at the model it stands for, which has its own turn
            seen = {relation.related_model._meta.app_label for relation in model._meta.related_objects}
            assert {app for app in seen if app in LAYERS} <= {layer}, model


def test_every_app_of_ours_is_in_the_picture():
    ours = {config.label for config in apps.get_app_configs() if config.name.split(".")[0] in {"backoffice", *LAYERS}}
    assert ours == {"backoffice", *LAYERS}
    assert not list(apps.get_app_config("backoffice").get_models())
