"""Files of every kind that is read, and of every kind that is not."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ByteSize

from schemas import Document, EmptyInput, InputError, TooLarge, Unreadable, Unsupported
from worker.ingest import File, Limits, discover, load
from worker.ingest.separated import fields

FORM = "收入支出决算总表\n单位：万元\n一、一般公共预算财政拨款收入\t1,234.50\n"


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, name: str, content: str | bytes) -> Document:
    return load(put(folder, name, content))


# Finding files


def test_folders_are_walked_in_order_and_what_is_hidden_is_left_out(tmp_path: Path) -> None:
    for name in ("b/2.txt", "b/1.txt", "a.txt", ".hidden.txt", "b/.git/x.txt", "c.bin"):
        put(tmp_path / "tree", name, "x")
    found = [str(path.relative_to(tmp_path)) for path in discover([tmp_path / "tree"])]
    assert found == ["tree/a.txt", "tree/b/1.txt", "tree/b/2.txt", "tree/c.bin"]


def test_paths_come_out_as_given_even_where_there_is_nothing(tmp_path: Path) -> None:
    there = put(tmp_path, "z.txt", "x")
    empty = tmp_path / "empty"
    empty.mkdir()
    given_paths = [there, tmp_path / "missing.txt", empty, tmp_path / ("x" * 300), tmp_path / "a\0b.txt"]
    assert list(discover(given_paths)) == given_paths


def test_links_do_not_lead_out_of_the_tree_nor_round_in_it(tmp_path: Path) -> None:
    put(tmp_path, "outside.txt", "secret")
    inside = put(tmp_path / "tree", "sub/file.txt", "x")
    (tmp_path / "tree" / "loop").symlink_to(tmp_path / "tree")
    (tmp_path / "tree" / "out.txt").symlink_to(tmp_path / "outside.txt")
    (tmp_path / "tree" / "self.txt").symlink_to(tmp_path / "tree" / "self.txt")
    (tmp_path / "tree" / "same.txt").symlink_to(inside)
    found = [str(path.relative_to(tmp_path / "tree")) for path in discover([tmp_path / "tree"])]
    assert found == ["same.txt", "self.txt", "sub/file.txt"]


# Encodings


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
    ],
)
def test_encodings_are_told_and_no_mark_stays(tmp_path: Path, written: str, told: str) -> None:
    data = FORM.encode(written)
    assert read(tmp_path, "a.txt", data) == Document(
        name="a.txt", sha256=hashlib.sha256(data).hexdigest(), text=FORM, encoding=told
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("收入支出決算總表\n單位：萬元\n財政撥款收入 1,234.50\n", "big5"),
        ("歳入歳出決算書\n合計 1,234\n一般会計のこと\n", "cp932"),
        ("세입세출 결산서\n합계 1,234\n일반회계 것\n", "cp949"),
        ("Доходы и расходы бюджета\nИтого 1 234,50\nНалоги 12\n", "cp1251"),
    ],
)
def test_other_encodings_are_left_to_the_detector(tmp_path: Path, text: str, encoding: str) -> None:
    found = read(tmp_path, "a.txt", text.encode(encoding))
    assert (found.text, found.encoding) == (text, encoding)


def test_traditional_characters_in_gb18030(tmp_path: Path) -> None:
    text = "收入支出決算總表\n單位：萬元\n財政撥款收入 1,234.50\n"
    assert read(tmp_path, "a.txt", text.encode("gb18030")).text == text


# Left out: what no file of text holds (unassigned and private characters, surrogates, controls), and runs of
# Western letters, which look like mojibake.
CHARACTERS = st.characters(
    exclude_categories=["Cc", "Cn", "Co", "Cs"],
    exclude_characters=["\ufeff", "\ufffd", *map(chr, range(0x80, 0x100))],
)
ANY_TEXT = st.text(CHARACTERS | st.sampled_from("\n\t0123456789.,"), min_size=1).filter(str.strip)
# Without a mark a text must say enough to be told: common characters and at least one digit or line break.
# "联通" in GB18030 is the known case of two characters that are UTF-8 as well.
CHINESE = st.text(
    st.sampled_from("收入支出决算总表单位万元一般公共预算财政拨款合计年初结转和余"), min_size=8, max_size=20
)
FORMS = st.lists(st.tuples(CHINESE, st.decimals(0, 99999, places=2)), min_size=1, max_size=20).map(
    lambda rows: "".join(f"{name}\t{amount}\n" for name, amount in rows)
)


@given(text=ANY_TEXT, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_any_text_comes_back_from_an_encoding_that_says_what_it_is(
    tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    assert read(folder, "a.txt", text.encode(encoding)).text == text


@given(text=FORMS, encoding=st.sampled_from(["utf-8", "gb18030", "utf-16-le", "utf-16-be"]))
def test_any_form_comes_back_from_an_encoding_that_does_not_say(
    tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str
) -> None:
    folder = tmp_path_factory.mktemp("form")
    found = read(folder, "a.txt", text.encode(encoding))
    assert (found.text, found.encoding) == (text, encoding)


def test_newlines_of_all_kinds_become_one(tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", b"one\r\ntwo\rthree\n").text == "one\ntwo\nthree\n"


# What is refused


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("empty.txt", b"", EmptyInput, "is empty"),
        ("mark.txt", b"\xef\xbb\xbf", EmptyInput, "is empty"),
        ("blank.txt", b" \n\t\n", EmptyInput, "holds no text"),
        ("blank.html", b"<html><script>1</script></html>", EmptyInput, "holds no text"),
        ("program.txt", b"\x7fELF" + bytes(range(256)), Unreadable, "binary data"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), Unreadable, "no sound image"),
        ("control.txt", b"\x01\x02\x03\x04 abc\n", Unreadable, "binary data"),
        ("packed.txt", bytes(i * 7919 % 251 + 1 for i in range(3000)), Unreadable, "no encoding"),
        ("cut.txt", b"\xff\xfe\x00\x4e\x00", Unreadable, "utf-16-le but is damaged in line 1"),
        ("hurt.txt", (FORM * 9).encode() + b"\xff\n", Unreadable, "1 damaged places, the first in line 28"),
        ("hurt-gb.txt", (FORM * 9).encode("gb18030") + b"\xff\n", Unreadable, "first in line 28"),
        ("twice.txt", (FORM * 3).encode().decode("gb18030", "replace"), Unreadable, "wrong encoding"),
        ("latin.txt", (FORM * 3).encode().decode("latin-1"), Unreadable, "wrong encoding"),
        ("lost.txt", "锟斤拷锟斤拷\n", Unreadable, "wrong encoding"),
        ("scan.pdf", b"%PDF-1.7", Unreadable, "is cut off after 8 bytes"),
        ("letter.doc", b"x", Unsupported, "save it as .docx or .pdf"),
        ("noend", b"x", Unsupported, "without an ending are not read; give one of .txt .md"),
        ("deep.html", b"<div>" * 5000, Unreadable, "nests its elements too deeply"),
        ("wide.html", b"<table>" + b"<tr><td colspan=1000 rowspan=1000>1" * 3000, TooLarge, "cells"),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_and_reason(
    tmp_path: Path, name: str, content: str | bytes, error: type[InputError], words: str
) -> None:
    path = put(tmp_path, name, content)
    with pytest.raises(error) as caught:
        load(path)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert caught.value.file == str(path)
    assert caught.value.remedy


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.txt: no such file; check the path"):
        load(tmp_path / "missing.txt")
    (tmp_path / "nowhere.txt").symlink_to(tmp_path / "gone.txt")
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "nowhere.txt")
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    with pytest.raises(Unreadable, match="cannot be opened"):
        load(tmp_path / "self.txt")
    with pytest.raises(Unreadable, match="cannot be opened"):
        load(tmp_path / ("x" * 300 + ".txt"))
    with pytest.raises(Unreadable, match="cannot be opened"):
        load(tmp_path / "a\0b.txt")


def test_size_is_seen_before_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.txt"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(TooLarge, match=r"1,000,000,000,000 bytes, the limit is 50,000,000"):
        load(path)
    assert load(put(tmp_path, "exact.txt", b"12345"), Limits(max_bytes=ByteSize(5))).text == "12345"
    with pytest.raises(TooLarge):
        load(put(tmp_path, "over.txt", b"123456"), Limits(max_bytes=ByteSize(5)))


def test_pipes_and_devices_do_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(Unsupported, match="not a regular file"):
        load(tmp_path / "pipe.txt")
    with pytest.raises(Unsupported, match="not a regular file"):
        load(Path("/dev/null"))


def test_folders_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmptyInput, match="a folder without any file"):
        load(tmp_path / "empty")
    put(tmp_path, "full/a.txt", "x")
    with pytest.raises(Unsupported, match="is a folder; give the files in it"):
        load(tmp_path / "full")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = put(tmp_path, "closed.txt", "x")
    path.chmod(0)
    with pytest.raises(Unreadable, match="may not be read"):
        load(path)


# Pages


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("one\n\ftwo\n\fthree\n", (0, 5, 10)),
        ("one\n\ftwo\n\f\n", (0, 5)),
        ("one\n\f\ftwo\n", (0, 5, 6)),
        ("--- page 1 ---\na\n--- page 2 ---\nb\n", (0, 17)),
        ("=== page 1\na\n=== page 2\nb\n", (0, 13)),
        ("<!-- page 1 -->\na\n<!-- page 2 -->\nb\n", (0, 18)),
        ("cover\n--- page 2 ---\na\n--- page 3 ---\nb\n", (0, 6, 23)),
        ("a\n第 1 页 共 2 页\nb\n第 2 页 共 2 页\n", (0, 14)),
        ("a\n第１页\nb\n第２页\nc\n", (0, 6, 12)),
        ("a\n- 1 -\nb\n— 2 —\nc\n", (0, 8, 16)),
        # Numbers that do not count on, or stand inside a line, are no pages.
        ("a\n- 1 -\nb\n- 5 -\nc\n", (0,)),
        ("a\n第 3 页\nb\n", (0,)),
        ("见第 1 页\n见第 2 页\n", (0,)),
        ("- 1 -\n- 1 -\n- 2 -\n", (0,)),
        ("1\n2\n3\n", (0,)),
    ],
)
def test_pages(tmp_path: Path, text: str, starts: tuple[int, ...]) -> None:
    assert read(tmp_path, "a.txt", text).page_starts == starts


# Separated values


@pytest.mark.parametrize(
    ("line", "delimiter", "contents"),
    [
        ("a,b,c", ",", ["a", "b", "c"]),
        ("", ",", [""]),
        (",,", ",", ["", "", ""]),
        ('"1,234.50",x', ",", ["1,234.50", "x"]),
        ('"say ""no""",2', ",", ['say ""no""', "2"]),
        ('5" pipe,2', ",", ['5" pipe', "2"]),
        ('"open,2', ",", ['"open', "2"]),
        ('a, "b, c" ,d', ",", ["a", "b, c", "d"]),
        ("名称\t1.00\t", "\t", ["名称", "1.00", ""]),
    ],
)
def test_fields_of_a_line(line: str, delimiter: str, contents: list[str]) -> None:
    assert [line[start:end] for start, end in fields(line, delimiter)] == contents


@given(st.lists(st.text(st.sampled_from('ab "1.,;收')), min_size=1), st.sampled_from(",;\t"))
def test_what_is_quoted_comes_back(cells: list[str], delimiter: str) -> None:
    doubled = [cell.replace('"', '""') for cell in cells]
    line = delimiter.join(f'"{cell}"' for cell in doubled)
    assert [line[start:end] for start, end in fields(line, delimiter)] == doubled


@pytest.mark.parametrize(
    ("name", "text", "delimiter"),
    [
        ("a.csv", "name,x\nb,2\n", ","),
        ("a.csv", "name;x;y\nb;1,5;2,5\n", ";"),
        ("a.csv", "b;1,5;2,5\nc;1,5;2,5\n", ";"),
        ("a.csv", "name\tx\nb\t1,234\n", "\t"),
        ("a.csv", "sep=;\na,b;c\n", ";"),
        ("a.csv", "only\none\n", ","),
        ("a.tsv", "only\none\n", "\t"),
        ("a.tsv", "name,x\tb,y\nc\td\n", "\t"),
    ],
)
def test_the_delimiter_is_found(tmp_path: Path, name: str, text: str, delimiter: str) -> None:
    found = read(tmp_path, name, text)
    assert (found.delimiter, found.text) == (delimiter, text)


def test_a_record_over_two_lines_becomes_one_line_and_no_offset_moves(tmp_path: Path) -> None:
    text = '项目,"本年\n金额"\n甲,"1,234.50"\n5" 管,2\n'
    found = read(tmp_path, "a.csv", text)
    assert found.text == '项目,"本年 金额"\n甲,"1,234.50"\n5" 管,2\n'
    assert found.media_type == "text/csv"


def test_markdown_is_text(tmp_path: Path) -> None:
    text = "# 表\n\n| 项目 | 金额 |\n| --- | --- |\n| 甲 | 1.00 |\n"
    found = read(tmp_path, "a.md", text)
    assert (found.text, found.media_type, found.delimiter) == (text, "text/markdown", None)


# HTML

PAGE = """<!DOCTYPE html><html><head><meta charset="gb2312"><title>决算公开</title><style>p{}</style></head>
<body><script>var x = "1.00";</script><!-- 2.00 -->
<h1>收入 决算表</h1><p>单位：<b>万</b>元<br>第二行&nbsp;&yen;3</p>
<table><caption>公开02表</caption>
<tr><td colspan="3">编制单位：甲</td></tr>
<tr><th rowspan="2">项目</th><th colspan="2">金额</th></tr>
<tr><th>本年</th><th>上年</th></tr>
<tr><td>一、<p>教育</p></td><td>1,000.50</td><td></td></tr>
</table>
<div style="display: none">4.00</div>尾注</body></html>"""


def test_html_becomes_lines_and_tables_keep_their_grid(tmp_path: Path) -> None:
    found = read(tmp_path, "a.html", PAGE)
    assert found.text.split("\n") == [
        "决算公开",
        "收入 决算表",
        "单位：万元",
        "第二行\xa0¥3",
        "",
        "公开02表",
        "编制单位：甲",
        "项目\t金额\t",
        "\t本年\t上年",
        "一、 教育\t1,000.50\t",
        "",
        "尾注",
    ]
    assert (found.media_type, found.encoding) == ("text/html", "utf-8")
    assert read(tmp_path, "b.htm", PAGE.encode("gb18030")).text == found.text


def test_tables_that_only_lay_out_a_page_are_no_tables(tmp_path: Path) -> None:
    page = "<table><tr><td><table><tr><td>1<td>2</table><td>右</table>"
    assert read(tmp_path, "a.html", page).text == "\n1\t2\n\n右"


def test_a_cell_over_many_rows_leaves_its_place_blank(tmp_path: Path) -> None:
    page = "<table><tr><td rowspan=0>甲<td>1<tr><td>2<tr><td>3</table>"
    assert read(tmp_path, "a.html", page).text.strip("\n") == "甲\t1\n\t2\n\t3"


def test_html_reaches_for_nothing_outside(tmp_path: Path) -> None:
    put(tmp_path, "secret.txt", "SECRET")
    page = (
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{tmp_path}/secret.txt"><!ENTITY y "{"z" * 50}">]>'
        f'<iframe src="file://{tmp_path}/secret.txt"></iframe><p>&x;&y; 1.00</p>'
    )
    assert read(tmp_path, "a.html", page).text.endswith("&x;&y; 1.00")


def test_bytes_under_a_name_are_a_file_as_well() -> None:
    found = load(File("form.txt", FORM.encode(), "all.zip/form.txt"))
    assert (found.name, found.text) == ("form.txt", FORM)
    for name, data, error in (
        ("x.exe", b"x", Unsupported),
        ("a.txt", b"", EmptyInput),
        ("a.txt", b"abc", TooLarge),
    ):
        with pytest.raises(error, match=rf"^all\.zip/{name}: "):
            load(File(name, data, f"all.zip/{name}"), Limits(max_bytes=ByteSize(2)))
