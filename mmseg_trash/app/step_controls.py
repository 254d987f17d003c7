"""The playground's steps: switches, sliders, order."""

import ast
import copy
from typing import Any

import streamlit as st

from ..errors import ConfigError
from ..transforms.mix_transform import MixTransform
from ..workbench.parameters import (
    Parameter,
    addable,
    new_step,
    parameters,
    with_value,
)
from ..workbench.playground import Recipe, Step, transform_class

STEPS, SOURCE = 'playground_steps', 'playground_source'
TURN, LIMITS = 'playground_turn', 'playground_limits'


def reset(recipe: Recipe, source: str) -> None:
    """Start from the config's own steps."""
    # New numbers, so that no widget goes on with its old value.
    turn = st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
    st.session_state[STEPS] = [
        (f'{turn}.{number}', copy.deepcopy(step))
        for number, step in enumerate(recipe.steps)
    ]
    st.session_state[LIMITS] = {}
    st.session_state[SOURCE] = source


def _change(action: str, place: int) -> None:
    steps = st.session_state[STEPS]
    if action == 'remove':
        del steps[place]
    elif action == 'up' and place > 0:
        steps.insert(place - 1, steps.pop(place))


def _add(recipe: Recipe) -> None:
    name = st.session_state.get('playground_add')
    if not name:
        return
    try:
        step = new_step(name, recipe)
    except ConfigError as error:
        st.session_state['playground_error'] = str(error)
        return
    steps = st.session_state[STEPS]
    turn = st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
    key = f'{turn}.new'
    mixes = issubclass(transform_class(step['type']), MixTransform)
    steps.insert(min(2, len(steps)) if mixes else len(steps), (key, step))
    st.session_state['playground_add'] = None


def controls(recipe: Recipe, source: str) -> list[Step]:
    """Draw the steps with their parameters; return those that are switched on."""
    st.subheader('Steps', anchor=False)
    chosen: list[Step] = []
    entries = st.session_state[STEPS]
    for place, (key, step) in enumerate(entries):
        mark = f'{source}|{key}'
        found = parameters(step)
        title = step['type']
        if title == 'Albumentations':
            inner = ', '.join(str(item['type']) for item in step['transforms'])
            title = f'{inner} · albumentations'
        if not found:
            st.markdown(f':gray[{place + 1}. {title}]')
            chosen.append(step)
            continue
        with st.expander(f'{place + 1}. {title}', expanded=place == 2):
            row = st.container(horizontal=True, vertical_alignment='center')
            # A parameter may be called on, too.
            active = row.toggle('on', True, key=f'{mark}||on')
            for action, icon in (('up', 'arrow_upward'), ('remove', 'delete')):
                row.button(
                    '',
                    icon=f':material/{icon}:',
                    key=f'{mark}||{action}',
                    help=action,
                    type='tertiary',
                    on_click=_change,
                    args=(action, place),
                )
            for parameter in found:
                step = _slider(step, parameter, mark)
        entries[place] = (key, step)
        if active:
            chosen.append(step)
    st.selectbox(
        'Add a transform',
        addable(),
        None,
        key='playground_add',
        on_change=_add,
        args=(recipe,),
        placeholder='type to search',
    )
    if 'playground_error' in st.session_state:
        st.error(st.session_state.pop('playground_error'))
    st.button('Back to the config', on_click=reset, args=(recipe, source))
    return chosen


def _slider(step: Step, parameter: Parameter, mark: str) -> Step:
    """Draw one parameter; return the step with its value."""
    key, value = f'{mark}|{parameter.name}', parameter.value
    # Those of the first value, or the slider would change under the hand.
    limits = st.session_state[LIMITS].setdefault(key, (parameter.low, parameter.high))
    if parameter.kind == 'bool':
        new: Any = st.toggle(parameter.name, value, key=key)
    elif parameter.kind == 'int':
        new = st.slider(
            parameter.name, int(limits[0]), int(limits[1]), int(value), key=key
        )
    elif parameter.kind == 'float':
        new = st.slider(
            parameter.name, float(limits[0]), float(limits[1]), float(value), key=key
        )
    elif parameter.kind == 'range':
        number = type(value[0])
        new = st.slider(
            parameter.name, number(limits[0]), number(limits[1]), value, key=key
        )
    else:
        text = st.text_input(parameter.name, repr(value), key=key)
        try:
            new = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            st.error(f'{parameter.name}: {text!r} is no Python value')
            return step
    same = list(new) == list(value) if parameter.kind == 'range' else new == value
    return step if same else with_value(step, parameter.path, new)
