"""Words by which tables of any language tell what a row or a column is: total, part, difference, share.

Alphabetic words stand alone in a label, ideographic ones at its beginning or end; `WordClass` says where. All are
regular expressions over case-folded text; ideographic text is squeezed, alphabetic text has single spaces.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class WordClass(NamedTuple):
    """Patterns that mark one role: `words` anywhere as whole words, `leading` and `trailing` at the ends of a label."""

    words: tuple[str, ...] = ()
    leading: tuple[str, ...] = ()
    trailing: tuple[str, ...] = ()

    @property
    def pattern(self) -> re.Pattern[str]:
        """One expression for all of them."""
        options = [rf"(?<!\w)(?:{'|'.join(self.words)})(?!\w)"] if self.words else []
        if self.leading:
            options.append(rf"^(?:{'|'.join(self.leading)})")
        if self.trailing:
            options.append(rf"(?:{'|'.join(self.trailing)})(?:[(（].*[)）])?$")
        return re.compile("|".join(options))


SUBTOTAL = WordClass(
    words=(r"sub-?\s?totals?", r"zwischensumme", r"sous-total", r"subtotale?", r"подытог", r"tussentotaal"),
    leading=(r"nett?o?(?: ?(?:amount|total|sum|betrag|summe))?$",),
    trailing=("小计", "小計", "소계"),
)
GRAND = WordClass(
    words=(
        r"grand totals?",
        r"overall totals?",
        r"gesamt(?:summe|betrag)",
        r"total (?:général|generale?)",
        r"totale generale",
        r"всего",
    ),
    trailing=("总计", "總計", "総計", "총계"),
)
TOTAL = WordClass(
    words=(
        r"totals?",
        r"sums?",
        r"(?:end)?summe",
        r"insgesamt",
        r"gesamt\w*",
        r"totaux",
        r"ensemble",
        r"total[ei]",
        r"somma",
        r"complessiv[oi]",
        r"suma",
        r"итого",
        r"razem",
        r"ogółem",
        r"totaal",
        r"totalt",
        r"toplam",
        r"yhteensä",
        r"celkem",
        r"összesen",
    ),
    leading=("合计", "总计", "共计"),
    trailing=(
        "合计",
        "共计",
        "总额",
        "合計",
        "總額",
        "総額",
        r"(?<![会统设审估伙预核])计",
        r"(?<![会統設])計",
        "합계",
        "小计",
        "总计",
    ),
)
RESULT = WordClass(
    words=(
        r"(?:gross |operating |net )?(?:profit|loss|margin|surplus|deficit|income|earnings)",
        r"net\b.*",
        r"ebitda?",
        r"balance",
        r"closing.*",
        r"end(?:ing)? .*|.* end of .*",
        r"carried forward",
        r"difference|variance|change|increase|decrease",
        r"(?:amount|total|balance) (?:due|payable)",
        r"\w*ergebnis.*|jahresüberschuss|überschuss|saldo|differenz|veränderung|abweichung",
        r"(?:roh|bilanz)?gewinn|endbestand|nettolohn|netto.*|brutto.*",
        r"résultat.*|solde|écart|variation|bénéfice|marge.*|excédent|déficit",
        r"risultato.*|utile|differenza|saldo|margine.*|avanzo|disavanzo",
        r"resultado.*|beneficio.*|diferencia|variación|superávit|déficit",
        r"прибыль.*|баланс|остаток.*|изменение",
    ),
    trailing=(
        "利润", "净额", "净值", "净资产", "净利", "毛利", "毛利润", "利润总额", "结余",
        "余额", "差额", "增减", "增减额", "增加额", "净增加额",
        "期末数", "期末余额", "年末余额", "年末数", "盈余", "实发", "实发工资", "应付", "结存", "差异", "变动",
        "利益", "残高", "差引", "差引額", "純利益", "総利益", "損益", "支給額", "増減", "増減額", "이익", "잔액",
    ),
)  # fmt: skip
LESS = WordClass(
    leading=(
        r"减\s*[:：]|減\s*[:：]|扣除|扣减",
        r"(?:less|minus|deduct(?:ions?|ing)?)\b\s*:?",
        r"(?:abzüglich|abzgl\.?|\./\.)\s*:?",
        r"(?:moins|à déduire|meno|menos|a deducir|за вычетом)\b\s*:?",
    )
)
PLUS = WordClass(
    leading=(
        r"加\s*[:：]",
        r"(?:add|plus)\b\s*:?",
        r"(?:zuzüglich|zzgl\.?)\s*:?",
        r"(?:ajouter|più|más|aggiungere)\b\s*:?",
    )
)
OF_WHICH = WordClass(
    leading=(
        r"其中\s*[:：]?",
        r"(?:of which|thereof|including|incl\.)\s*:?",
        r"(?:davon|darunter|dont|di cui|de l[oa]s cuales|в том числе|из них)\b\s*:?",
        r"うち",
    )
)
COST = WordClass(
    words=(
        r".*(?:cost|expens|expenditure|tax|payment|disposal|decrease|deduct|depreciation|amorti[sz]ation).*",
        r"(?:paid|used|issued|sold|out|outflows?|withdrawals?|spent|write-offs?|interest|credits?|discount|fee)s?",
        r".*(?:aufwand|aufwendungen|kosten|steuer|abgang|abgänge|ausgaben|abschreibung|abzüge|zinsen).*",
        r".*(?:charge|coût|dépense|impôt|cession|retrait|achats|cotisation).*",
        r".*(?:cost[io]|spes[ae]|imposte|oneri|uscite|ritenute).*",
        r".*(?:gasto|coste|egreso|impuesto|salida|retencion).*",
        r".*(?:расход|налог|затрат|себестоимость).*",
    ),
    trailing=("成本", "费用", "支出", "损失", "附加", "减少", "本期减少", "贷方", "发出", "扣款", "个税", "所得税",
              "付款",
              "費用", "原価", "減少", "税", "控除", "出金", "支払", "費", "払出", "비용"),
)  # fmt: skip
DEBIT = WordClass(
    words=(r"debits?|dr\.?|soll|débits?|dare|debe|дебет",), leading=("借方",), trailing=("借方", "차변")
)
CREDIT = WordClass(
    words=(r"credits?|cr\.?|haben|crédits?|avere|haber|кредит",),
    leading=("贷方", "貸方"),
    trailing=("贷方", "貸方"),
)
ASSETS = WordClass(
    words=(
        r"total assets|assets,? total|(?:summe |total )?aktiva|bilanzsumme",
        r"total (?:de l'|général de l')?actif|totale attivo|total activo|total del activo",
    ),
    trailing=("资产总计", "资产合计", "資産合計", "資産の部合計", "资产总额"),
)
CLAIMS = WordClass(
    words=(
        r"total liabilities,? (?:and|&|plus) .*(?:equity|net assets|capital|deficit|funds?)",
        r"total equity,? (?:and|&|plus) .*liabilities",
        r"(?:summe |total )?passiva",
        r"total (?:du |général du )?passif|totale passivo.*|total pasivo y .*|total (?:del )?patrimonio neto y pasivo",
    ),
    trailing=(
        "负债和所有者权益总计", "负债和所有者权益合计", "负债及所有者权益总计", "负债及净资产总计", "负债和净资产总计",
        r"负债[和及与](?:所有者权益|股东权益|净资产|资本).*(?:总计|合计)", "負債純資産合計", "負債及び純資産合計",
    ),
)  # fmt: skip
PERCENT = WordClass(
    words=(
        r"(?<!\d)(?<!\d )%.*|.*[^\d ] ?%.*|.*‰.*",
        r"per ?cent(?:age)?.*|pct\.?.*",
        r"pourcentage.*|percentuale.*|porcentaje.*|prozent.*|процент.*",
    ),
    leading=("占比", "占"),
    trailing=("率", "占比", "比重", "比例", "构成", "构成比", "構成比", "比率", "百分比"),
)
RATE = WordClass(
    words=(
        r"(?:.* )?(?:shares?|rate|ratio|proportion|turnout|anteil|quote|taux|quota|cuota|доля|tasa)$",
        r"(?:share|proportion) (?:of|in) .*|anteil an .*|part (?:de|du|des) .*|growth.*",
    )
)
AVERAGE = WordClass(
    words=(
        r".*(?:average|mean|median|density|index|rank|score|age)",
        r"(?:average|mean|median) .*|.* (?:per|pro|je|par|por) .*",
        r".*(?:durchschnitt|mittelwert|moyenne|media|promedio|среднее|pro kopf).*",
    ),
    leading=("人均", "平均"),
    trailing=("平均", "均价", "密度", "指数", "排名", "名次", "年龄", "得分", "平均数", "人均", "順位"),
)
PRICE = WordClass(
    words=(
        r"(?:unit )?prices?|(?:unit )?costs? per .*|(?:einzel)?preis|prix.*|prezzo.*|precio.*|цена",
        r"\w+/\w+",
    ),
    leading=("单价", "単価"),
    trailing=("单价", "価格", "单价[(（].*[)）]", "単価"),
)
