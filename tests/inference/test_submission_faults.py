import json
from pathlib import Path

import pytest

from mmseg_trash.inference.submission import Fault, validate_submission

NAMES = ['batch_01_vt/0001.jpg', 'batch_01_vt/0002.jpg', 'batch_03/0003.jpg']
HEADER = 'image_id,PredictionString'
GOOD = '0 1 10 0'
ROWS = [f'{name},{GOOD}' for name in NAMES]


def check(folder: Path, *lines: str | bytes, end: str = '\n') -> list[Fault]:
    """Validate a CSV of 2 x 2 label maps."""
    images = [dict(id=i, file_name=name) for i, name in enumerate(NAMES)]
    (folder / 'test.json').write_text(json.dumps(dict(images=images)))
    encoded = [line if isinstance(line, bytes) else line.encode() for line in lines]
    (folder / 's.csv').write_bytes(b''.join(line + end.encode() for line in encoded))
    return validate_submission(folder / 's.csv', folder / 'test.json', count=4)


def row(prediction: str) -> list[str]:
    return [HEADER, ROWS[0], f'{NAMES[1]},{prediction}', ROWS[2]]


def test_good_files_have_no_fault(tmp_path: Path) -> None:
    assert check(tmp_path, HEADER, *ROWS) == []
    quoted = [f'"{name}","{GOOD}"' for name in NAMES]
    assert check(tmp_path, '"image_id","PredictionString"', *quoted) == []


FAULTS = {
    'missing': ([HEADER, *ROWS[:2]], None, 'batch_03/0003.jpg: missing image_id'),
    'doubled': ([HEADER, *ROWS, ROWS[1]], 5, 'doubled image_id, first in row 3'),
    'unknown': ([HEADER, *ROWS, f'x/9.jpg,{GOOD}'], 5, 'x/9.jpg: unknown image_id'),
    'few': (row('0 1 2'), 3, '3 integers, expected 4'),
    'many': (row('0 1 2 3 4'), 3, '5 integers, expected 4'),
    'none': (row(''), 3, '0 integers, expected 4'),
    'range': (row('0 11 2 12'), 3, "value 2, '11', is out of range, expected 0..10 (2"),
    'negative': (row('0 -1 2 3'), 3, "value 2, '-1', is out of range"),
    'huge': (row(f'0 1 2 {"9" * 5000}'), 3, "9…', is out of range"),
    'float': (row('0 1.0 2 3'), 3, "value 2, '1.0', is not an integer"),
    'word': (row('0 1 nan 3'), 3, "value 3, 'nan', is not an integer"),
    'header': (['id,mask', *ROWS], 1, "wrong header 'id,mask', expected 'image_id,Pre"),
    'no header': (ROWS, 1, 'no header'),
    'index': (
        [f',{HEADER}', *(f'{i},{r}' for i, r in enumerate(ROWS))],
        1,
        "has an index column ''",
    ),
    'row index': ([HEADER, *ROWS[:2], f'2,{ROWS[2]}'], 4, "has an index column '2'"),
    'semicolon': (
        [line.replace(',', ';') for line in (HEADER, *ROWS)],
        1,
        'columns are separated by semicolons, expected commas',
    ),
    'tab': (
        [HEADER, *ROWS[:2], ROWS[2].replace(',', '\t')],
        4,
        'columns are separated by tabs, expected commas',
    ),
    'commas': (row('0,1,2,3'), 3, 'integers are separated by commas, expected single'),
    'double space': (
        row('0 1  2 3'),
        3,
        'more than one space between integers 2 and 3',
    ),
    'end space': (row('0 1 2 3 '), 3, 'begins or ends with a space'),
    'columns': ([HEADER, *ROWS[:2], NAMES[2]], 4, 'has 1 column, expected 2'),
    'utf8': ([HEADER, *ROWS, b'\xff\xfe.jpg,0 0 0 0'], 5, 'is not UTF-8'),
    'mark': ([f'\ufeff{HEADER}', *ROWS], 1, 'byte-order mark'),
}


@pytest.mark.parametrize('name', FAULTS)
def test_each_fault_gives_its_one_error(tmp_path: Path, name: str) -> None:
    lines, place, message = FAULTS[name]
    faults = check(tmp_path, *lines)
    assert [fault.level for fault in faults] == ['error'], [str(f) for f in faults]
    assert message in str(faults[0])
    assert faults[0].row == place


def test_messages_differ_between_faults(tmp_path: Path) -> None:
    kinds = {name: check(tmp_path, *FAULTS[name][0])[0].kind for name in FAULTS}
    same = [
        {'few', 'many', 'none'},
        {'range', 'negative', 'huge'},
        {'float', 'word'},
        {'header', 'no header'},
        {'index', 'row index'},
        {'semicolon', 'tab'},
        {'double space', 'end space'},
    ]
    assert len(set(kinds.values())) == len(FAULTS) - sum(len(s) - 1 for s in same)


def test_several_faults_are_all_listed(tmp_path: Path) -> None:
    faults = check(tmp_path, HEADER, f'{NAMES[0]},0 11 x', f'{NAMES[0]},{GOOD}')
    assert [fault.kind for fault in faults] == [
        'count', 'not_integer', 'range', 'doubled', 'missing', 'missing',
    ]  # fmt: skip
    assert [fault.row for fault in faults] == [2, 2, 2, 3, None, None]


def test_lost_folder_gets_a_hint(tmp_path: Path) -> None:
    lines = [HEADER, f'0001.jpg,{GOOD}', f'batch_01_vt\\0002.jpg,{GOOD}', ROWS[2]]
    faults = check(tmp_path, *lines)
    assert "did you mean 'batch_01_vt/0001.jpg'?" in faults[0].message
    assert "did you mean 'batch_01_vt/0002.jpg'?" in faults[1].message


def test_other_order_is_one_warning(tmp_path: Path) -> None:
    (fault,) = check(tmp_path, HEADER, ROWS[1], ROWS[0], ROWS[2])
    assert (fault.level, fault.row, fault.image_id) == ('warning', 2, NAMES[1])
    assert f"'{NAMES[0]}' was expected" in fault.message


def test_windows_line_ends_are_one_warning(tmp_path: Path) -> None:
    (fault,) = check(tmp_path, HEADER, *ROWS, end='\r\n')
    assert (fault.level, fault.kind) == ('warning', 'line_ends')


def test_blank_row_is_a_warning(tmp_path: Path) -> None:
    (fault,) = check(tmp_path, HEADER, *ROWS, '')
    assert (fault.level, fault.kind, fault.row) == ('warning', 'blank_row', 5)


@pytest.mark.parametrize('lines', [[], ['']])
def test_empty_file(tmp_path: Path, lines: list[str]) -> None:
    (fault,) = check(tmp_path, *lines)
    assert (fault.level, fault.kind) == ('error', 'empty')


def test_utf16_stops_at_the_header(tmp_path: Path) -> None:
    (fault,) = check(tmp_path, HEADER.encode('utf-16'))
    assert (fault.kind, fault.row) == ('not_utf8', 1)


def test_endless_line_is_read_no_further(tmp_path: Path) -> None:
    faults = check(tmp_path, HEADER, b'a,' + b'0 ' * (16 * 256 * 256))
    assert [fault.kind for fault in faults] == ['row_length'] + ['missing'] * 3


def test_missing_files(tmp_path: Path) -> None:
    check(tmp_path, HEADER)
    for pair in (('s.csv', 'no.json'), ('no.csv', 'test.json')):
        with pytest.raises(FileNotFoundError, match=r'no\.'):
            validate_submission(*(tmp_path / name for name in pair))
