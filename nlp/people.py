"""Names of receivers, titles of invoices, couriers: words with a cue around them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Iterator

from nlp import lexicon
from nlp.matches import Match

_CUE = r"(?:收件人|收货人|联系人|收货姓名|姓名|名字|签收人|收货名字)(?:的)?(?:名字|姓名)?(?:请)?(?:改成|改为|改|换成|换为|换|是|叫|为|写成|写|填|:|\s)*"
_ME = r"(?:我的?名字(?:是|叫)|我叫|本人|我是)"
_AFTER = r"(?=$|[\s,，.。;；!、\d(]|电话|手机|的|收|吧|吗|谢谢|地址|联系|号码|,|你|帮|买)"
_NOT_GIVEN = re.compile(
    r"[的了吗呢吧不没有在到要是这那个么什怎谁哪几多少想能会请帮给让把被可还都也就才又很太真]|地址|电话|手机|号码|名字|姓名|先生|女士|小姐|订单|快递|客服"
)


@lru_cache(maxsize=1)
def _surname() -> str:
    return "(?:" + "|".join(sorted(map(re.escape, lexicon.words("surnames")), key=len, reverse=True)) + ")"


@lru_cache(maxsize=1)
def _name_patterns() -> tuple[tuple[re.Pattern[str], int], ...]:
    name = rf"({_surname()}[\u4e00-\u9fff]{{1,2}}?)"
    polite = rf"({_surname()}[\u4e00-\u9fff]{{0,2}}?(?:先生|女士|小姐|阿姨|老师))"
    return (
        (re.compile(_CUE + polite), 73),
        (re.compile(_CUE + name + _AFTER), 72),
        (re.compile(_CUE + r"([\u4e00-\u9fff]{2,4})(?=$|[\s,.;\d]|电话|手机)"), 60),
        (re.compile(name + r"收(?![到货件藏费不了据割拾款益])"), 71),
        (re.compile(_ME + name + r"(?=$|[\s,.;!\d]|电话|手机|的订单|买|,)"), 66),
        (
            re.compile(
                rf"(?<![\u4e00-\u9fff])({_surname()}[\u4e00-\u9fff]{{1,2}})[\s,:]*(?=(?:电话|手机|手机号)?[\s:]*1[3-9]\d{{9}})"
            ),
            70,
        ),
        (re.compile(r"(?<=\d{11})[\s,]*(" + _surname() + r"[\u4e00-\u9fff]{1,2})(?![\u4e00-\u9fff])"), 70),
        (re.compile(_ME + polite), 66),
    )


def find_names(text: str) -> Iterator[Match]:
    """People's names in clean text."""
    for pattern, rank in _name_patterns():
        for one in pattern.finditer(text):
            given = one.group(1)
            if not _NOT_GIVEN.search(given[1:] if not given.endswith(("先生", "女士", "小姐")) else given[1:-2]):
                yield Match("person", given, *one.span(1), rank=rank)
    bare = text.strip(" .。!,")
    if (
        2 <= len(bare) <= 3
        and bare[0] != bare[1]
        and re.fullmatch(_surname() + r"[\u4e00-\u9fff]{1,2}", bare)
        and _is_name(bare)
    ):
        start = text.index(bare)
        yield Match("person", bare, start, start + len(bare), rank=30)


def _is_name(word: str) -> bool:
    """Whether a whole message is a name and not a word of the language."""
    from nlp.tokenizer import shared_tokenizer

    return shared_tokenizer().is_name(word)


_KIND = (
    r"(?:有限责任公司|股份有限公司|有限公司|股份公司|合伙企业(?:\(有限合伙\))?|(?:律师|会计师|税务师)?事务所|研究院|研究所|大学|学院|中学|小学|幼儿园|学校|"
    r"医院|卫生院|银行|委员会|人民政府|工作室|商行|经营部|合作社|超市|饭店|酒店|公司|集团|工厂|协会|基金会|出版社|设计院)"
)
_BRANCH = r"(?:[\u4e00-\u9fff]{2,8}(?:分公司|支行|分行|分院|校区))?"
_SURE_KIND = r"(?:有限责任公司|股份有限公司|有限公司|股份公司|事务所|研究院|研究所|大学|中学|小学|幼儿园|学校|医院|经营部|工作室|委员会|人民政府|合作社|设计院)"
_TITLE_CUE = r"(?:发票抬头|抬头|开票名称|公司名称|单位名称|公司名|单位名|公司全称|名称)(?:的话)?(?:请)?(?:帮我)?(?:开成|开具|开|写成|写|填写|填|改成|改为|换成|换|就是|是|为|叫|用|:|\s)*"
_BODY = r"[\u4e00-\u9fffA-Za-z0-9()·&]"
_TITLE = re.compile(rf"{_TITLE_CUE}({_BODY}{{2,40}}?{_KIND}{_BRANCH})(?!名称|名)")
_COMPANY = re.compile(rf"({_BODY}{{2,40}}?{_SURE_KIND}{_BRANCH})(?!名称|的?(?:地址|电话))")
_LEAD = re.compile(
    r"^.*(?:抬头|名称|发票|开成|开具|开给|开|写成|写|填|改成|改为|换成|是|为|叫|给|用|在|帮我|我们|我|:)(?=[\u4e00-\u9fffA-Za-z(]{4,})"
)
_PERSONAL = re.compile(
    r"(?:抬头|发票|开票|开|写|填)(?:[\s:]|开|写|是|为|就|填|用|的|成|改成|抬头|普通|电子)*(个人)(?!信息|中心|资料|账|原因)|(个人)(?:的)?(?:发票|抬头)|^(个人)(?:的|吧|就行|就可以|名字|抬头)?[.!]?$"
)


def find_titles(text: str) -> Iterator[Match]:
    """Titles of invoices in clean text: a company's or an institution's name, or a private person."""
    for one in _TITLE.finditer(text):
        yield Match("invoice_title", one.group(1), *one.span(1), rank=82)
    for one in _COMPANY.finditer(text):
        lead = _LEAD.match(one.group(1))
        start = one.start(1) + (lead.end() if lead else 0)
        if one.end(1) - start >= 6 or (one.end(1) - start >= 4 and one.group() == text.strip()):
            yield Match("invoice_title", text[start : one.end(1)], start, one.end(1), rank=80)
    for one in _PERSONAL.finditer(text):
        group = next(place for place in (1, 2, 3) if one.group(place))
        yield Match("invoice_title", "个人", *one.span(group), rank=64)


@lru_cache(maxsize=1)
def _couriers() -> re.Pattern[str]:
    names = sorted(lexicon.by_alias("couriers"), key=len, reverse=True)
    return re.compile(
        "|".join(rf"(?<![A-Za-z])(?i:{re.escape(n)})(?![A-Za-z])" if n.isascii() else re.escape(n) for n in names)
    )


def find_couriers(text: str) -> Iterator[Match]:
    """Couriers in clean text, by their full names."""
    for one in _couriers().finditer(text):
        yield Match("courier", lexicon.by_alias("couriers")[one.group().lower()], *one.span(), rank=59)


@lru_cache(maxsize=1)
def _reasons() -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = lexicon.document("reasons")["reasons"]
    return tuple((reason, re.compile("|".join(phrases))) for reason, phrases in table.items())


def find_reasons(text: str) -> Iterator[Match]:
    """Reasons of cancelling or sending back, in the order of the lexicon: faults before whims."""
    for place, (reason, pattern) in enumerate(_reasons()):
        one = pattern.search(text)
        if one and one.group():
            yield Match("reason", reason, *one.span(), rank=40 - place)
