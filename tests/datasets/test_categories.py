"""Categories become labels by name."""

import pytest

from mmseg_trash.datasets.categories import CategoryRule, map_categories, respelt
from mmseg_trash.metainfo import CLASSES, CLASSES_COHORT1


def entries(*names: str) -> list[dict]:
    """Return categories with ids from 10."""
    return [dict(id=10 + n, name=name) for n, name in enumerate(names)]


def test_all_classes_by_name_in_any_order() -> None:
    names = CLASSES[::-1]
    labels, faults = map_categories(entries(*names), CategoryRule(CLASSES), 'f')
    assert not faults
    assert [labels[10 + n] for n in range(11)] == list(range(10, -1, -1))


@pytest.mark.parametrize(
    'name, label',
    [
        ('Backgroud', 0), ('background', 0), (' plastic  BAG ', 8), ('Paper pack', 3),
        ('plastic-bag', 8), ('PLASTIC_BAG', 8), ('PlasticBag', 8), ('back-groud', 0),
    ],
)  # fmt: skip
def test_spellings(name: str, label: int) -> None:
    assert CategoryRule(CLASSES).label_of(name) == label


def test_unknown_of_the_first_cohort() -> None:
    assert CategoryRule(CLASSES_COHORT1, 'class').label_of('UNKNOWN') == 1
    assert CategoryRule(CLASSES_COHORT1, 'class').label_of('Clothing') == 11
    assert CategoryRule(CLASSES, 'general_trash').label_of('UNKNOWN') == 1
    assert CategoryRule(CLASSES, 'ignore').label_of('UNKNOWN') == 255
    for unknown in (None, 'class'):
        with pytest.raises(KeyError, match="unknown='general_trash'"):
            CategoryRule(CLASSES, unknown).label_of('UNKNOWN')


def test_map_comes_first() -> None:
    rule = CategoryRule(CLASSES, category_map={'Shoe': 'Clothing', 'Paper': None})
    assert rule.label_of('Shoe') == 10
    assert rule.label_of('Paper') is None
    assert rule.label_of('Glass') == 5


def test_several_names_may_share_a_class_only_through_the_map() -> None:
    rule = CategoryRule(CLASSES, category_map={'Can': 'Metal', 'Tin': 'Metal'})
    labels, faults = map_categories(entries('Can', 'Tin'), rule, 'f')
    assert labels == {10: 4, 11: 4} and not faults
    _, faults = map_categories(entries('Paper', 'paper'), rule, 'f')
    assert [fault.kind for fault in faults] == ['category_clash']


def test_names_that_differ_in_hyphens_alone_are_two_classes_by_their_exact_names() -> (
    None
):
    rule = CategoryRule(('a-b', 'a_b'))
    assert [rule.label_of(name) for name in ('a_b', 'a-b', 'a b')] == [1, 0, 0]


def test_categories_without_objects_do_no_harm() -> None:
    """As Roboflow's root category, which may have the name of a class."""
    rule = CategoryRule(CLASSES)
    for root in ('trash-x7', 'paper', 'UNKNOWN'):
        found = entries(root, 'Paper', 'plastic-bag')
        labels, faults = map_categories(found, rule, 'f', {11, 12})
        assert not faults and (labels[11], labels[12]) == (2, 8)
        assert map_categories(found, rule, 'f', {10, 11})[1]
    told = respelt(entries('trash-x7', 'Paper', 'plastic-bag', 'glass'), rule, {11, 12})
    assert told == [
        "'trash-x7', which has no objects, is left out",
        "'plastic-bag' is read as 'Plastic bag'",
    ]


def test_background_of_own_classes() -> None:
    assert CategoryRule(('Bottle', 'Background')).background == 1
    assert CategoryRule(('Bottle', 'Can')).background == 255


@pytest.mark.parametrize(
    'arguments, text',
    [
        (dict(classes=()), 'distinct'),
        (dict(classes=('A', 'A')), 'distinct'),
        (dict(classes=CLASSES, unknown='drop'), "'drop'"),
        (dict(classes=CLASSES, category_map={'a': 'B'}), "'B'"),
        (dict(classes=tuple(map(str, range(256)))), '256 classes'),
        (dict(classes=CLASSES, ignore_index=5), 'ignore_index 5'),
    ],
)
def test_arguments(arguments: dict, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        CategoryRule(**arguments)
