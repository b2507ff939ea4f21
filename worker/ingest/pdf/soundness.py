"""Whether the text layer of a page says what the page shows: evidence first, then a verdict in words."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from schemas.source import Box
from schemas.text import normalise
from worker.ingest.pdf.drawing import Drawing
from worker.ingest.pdf.glyphs import Glyph

State = Literal["sound", "partial", "wrong"]

# The commonest characters of Chinese prose; a text in which hardly any of them stands was mapped wrongly.
_COMMON = frozenset(
    "的一是不了在有人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所"
    "民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日"
    "那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想"
    "已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指"
    "几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权"
    "收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今"
    "集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约"
    "支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适"
    "属圆包火住调满县局照参红细引听该铁价严首底液官德随病苏失尔死讲配女黄推显谈罪神艺呢席含企望密批营项防举球英氧势告李台落木"
    "帮轮破亚师围注远字材排供河态封另施减树溶怎止案言士均武固叶鱼波视仅费紧爱左章早朝害续轻服试食充兵源判护司足某练差致板田降"
    "黑犯负击范继兴似余坚曲输修故城夫够送笔船占右财吃富春职觉汉画功巴跟虽杂飞检吸助升阳互初创抗考投坏策古径换未跑留钢曾端责站"
    "简述钱副尽帝射草冲承独令限阿宣环双请超微让控州良轴找否纪益依优顶础载倒房突坐粉敌略客袁冷胜绝析块剂测丝协诉念陈仍罗盐友洋"
    "預算經濟業務國會計項費財產發關開時學實對應進動員區數單運機構標準總結轉餘類專門與從優購買樓電設備維護聯無條約報書"
)
_DIGITS_ALONE = 0.98
_COVERS = 0.5
_BROKEN = 0.03
_FEW = 40
_MANY_SHAPES = 30
_ENOUGH = 60
_SCRIPTS = ("LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "GREEK", "CYRILLIC", "FULLWIDTH", "HALFWIDTH")


@dataclass(frozen=True)
class Evidence:
    """What is counted of a page: its characters, those that cannot stand in a text, and what is drawn beside them.

    `broken` are unmapped, private, control and replacement characters, `mended` radicals that stand for characters,
    `covered` is the share of the page under its largest image.
    """

    characters: int
    broken: int
    mended: int
    digits: int
    letters: int
    hidden: int
    askew: str
    covered: float
    images: int
    shapes: int
    oddity: str

    @property
    def without_hidden(self) -> bool:
        """Whether what is not painted is none of the text: a page that is painted holds some besides."""
        return 0 < self.hidden * 2 < self.characters and self.covered < _COVERS


class Verdict(NamedTuple):
    """`sound`: the text layer is taken; `partial`: what it says is right, but more is shown; `wrong`: neither."""

    state: State
    reason: str


def evidence_of(glyphs: Sequence[Glyph], drawing: Drawing, size: tuple[float, float]) -> Evidence:
    """The evidence of a page of `size` (width, height)."""
    printed = [glyph for glyph in glyphs if not glyph.char.isspace()]
    text = "".join(glyph.char for glyph in printed)
    counts = Counter(map(unicodedata.category, text))
    return Evidence(
        characters=len(printed),
        broken=sum(glyph.unmapped or _is_broken(glyph.char) for glyph in printed),
        mended=sum(_is_radical(char) and not _is_radical(normalise(char)) for char in text),
        digits=counts["Nd"],
        letters=sum(n for category, n in counts.items() if category[0] == "L"),
        hidden=sum(glyph.hidden for glyph in printed),
        askew="".join(glyph.char for glyph in printed if glyph.turn is None),
        covered=max((_share(box, size) for box in drawing.images), default=0.0),
        images=len(drawing.images),
        shapes=drawing.shapes,
        oddity=_oddity(normalise(text)),
    )


def judge(evidence: Evidence) -> Verdict:
    """The verdict on the text layer of a page."""
    e = evidence
    image = f"an image covers {e.covered:.0%} of the page"
    if e.characters == 0:
        if e.covered >= _COVERS:
            return Verdict("wrong", f"there is no text layer, {image}")
        if e.images or e.shapes >= _MANY_SHAPES:
            return Verdict("wrong", f"there is no text layer but {_drawn(e)}")
        return Verdict("sound", "the page is empty")
    if e.broken > e.characters * _BROKEN:
        return Verdict("wrong", f"{e.broken} of {e.characters} characters have no meaning (broken font map)")
    if e.oddity:
        return Verdict("wrong", f"the font map is wrong: {e.oddity}")
    if e.digits > (e.digits + e.letters) * _DIGITS_ALONE and e.images + e.shapes >= _MANY_SHAPES:
        return Verdict("partial", f"the text layer holds figures alone, the page has {_drawn(e)}")
    if e.characters < _FEW and e.covered >= _COVERS:
        return Verdict("partial", f"the text layer holds {e.characters} characters, {image}")
    if e.characters < _FEW * 2 and e.shapes >= e.characters * 3 + _MANY_SHAPES:
        return Verdict("partial", f"the text layer holds {e.characters} characters, the page has {_drawn(e)}")
    return Verdict("sound", "; ".join(_remarks(e, image)))


def _remarks(e: Evidence, image: str) -> Iterable[str]:
    yield f"the text layer is sound ({e.characters} characters)"
    if e.covered >= _COVERS and (e.hidden or e.covered >= 0.9):
        yield f"it is a recognition that came with the file, {image}"
    if e.mended:
        yield f"{e.mended} radicals stand for characters"
    if e.broken:
        yield f"{e.broken} characters have no meaning"
    if e.without_hidden:
        yield f"{e.hidden} characters that are not painted are left out"
    if e.askew:
        yield f"“{e.askew[:40]}” stands askew across the page and is left out"


def _drawn(e: Evidence) -> str:
    parts = [f"{count} {what}" for count, what in ((e.images, "images"), (e.shapes, "drawn shapes")) if count]
    return " and ".join(parts)


def _is_broken(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in {"Cc", "Cn", "Co", "Cs"}


def _is_radical(char: str) -> bool:
    return "\u2e80" <= char <= "\u2fdf"


def _share(box: Box, size: tuple[float, float]) -> float:
    width, height = size
    across = min(box[2], width) - max(box[0], 0)
    down = min(box[3], height) - max(box[1], 0)
    return max(across, 0) * max(down, 0) / max(width * height, 1)


def _oddity(text: str) -> str:
    """What makes a text implausible in any language; empty if nothing does."""
    letters = [char for char in text if char.isalpha()]
    if len(letters) < _ENOUGH:
        return ""
    han = [char for char in letters if "\u3400" <= char <= "\u9fff"]
    if len(han) >= _ENOUGH:
        rare = sum(not _is_first_level(char) for char in han) / len(han)
        common = sum(char in _COMMON for char in han) / len(han)
        if rare > 0.3 or common < 0.15:
            return f"{rare:.0%} of its ideographs are rare, {common:.0%} common"
    scripts = Counter(unicodedata.name(char, "?").split()[0] for char in letters)
    foreign = {name: n for name, n in scripts.items() if name not in _SCRIPTS}
    if len(foreign) >= 4 and sum(foreign.values()) > len(letters) * 0.1:
        return f"its letters are of {len(scripts)} scripts"
    western = sum("\u0080" <= char <= "\u00ff" for char in text)
    if western > len(text) * 0.3:
        return f"{western} of {len(text)} characters are accented letters and signs"
    latin = [char.lower() for char in letters if char.isascii()]
    if len(latin) >= _ENOUGH * 2:
        vowels = sum(char in "aeiouy" for char in latin) / len(latin)
        if not 0.2 <= vowels <= 0.65:
            return f"{vowels:.0%} of its Latin letters are vowels"
    return ""


def _is_first_level(char: str) -> bool:
    """Whether the first level of the first standards names it, simplified or traditional."""
    for encoding, last in (("gb2312", 0xD7), ("big5", 0xC6), ("shift_jis", 0x97)):
        try:
            code = char.encode(encoding)
        except UnicodeEncodeError:
            continue
        if len(code) == 2 and code[0] <= last:
            return True
    return False
